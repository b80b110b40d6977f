#!/usr/bin/env python3
"""Pairs of real files of one model's values, for --content.

Names say nothing and the file order is shuffled, kernels lie the other way
round where the other framework wants them so: values alone tell. Made with
TensorFlow 2.21.0, Keras 3.15.1, torch 2.13.0, safetensors 0.8.0.

  python files.py keras   (TensorFlow and safetensors)
  python files.py torch   (torch and safetensors)
"""

import json
import os
import random
import sys

import numpy as np
from safetensors.numpy import save_file

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "files")


def folder(id):
    path = os.path.join(FILES, id)
    os.makedirs(path, exist_ok=True)
    return path


def write_truth(id, actual, expected, pairs):
    with open(
        os.path.join(FILES, id, "truth.json"), "w", encoding="utf-8"
    ) as out:
        rows = ",".join("\n" + json.dumps(list(p)) for p in pairs)
        out.write(
            f'{{"actual": "{actual}", "expected": "{expected}",\n'
            f'"pairs": [{rows}\n]}}\n'
        )


def blank_names(names, seed):
    order = list(names)
    random.Random(seed).shuffle(order)
    return {name: f"t{i:02d}" for i, name in enumerate(order)}


def turned(value):
    """A kernel of Keras as torch lays it out, or the other way round."""
    if value.ndim == 2:
        value = value.T
    elif value.ndim == 4:
        value = value.transpose(3, 2, 0, 1)
    return np.ascontiguousarray(value)


def in_order_of_names(values):
    return {name: values[name] for name in sorted(values)}


def from_keras():
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import keras
    import tensorflow as tf

    rng = np.random.default_rng(7)
    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    x = inputs
    for _ in range(3):
        x = layers.Conv2D(6, 3)(x)
        x = layers.BatchNormalization()(x)
    x = layers.GlobalAveragePooling2D()(x)
    for _ in range(3):
        x = layers.Dense(6)(x)
    model = keras.Model(inputs, layers.Dense(4)(x))
    for v in model.weights:
        v.assign(rng.standard_normal(v.shape))
    values = {v.path: v.numpy() for v in model.weights}
    blank = blank_names(values, 1)
    where = folder("keras-to-safetensors")
    model.save(os.path.join(where, "actual.keras"))
    save_file(
        in_order_of_names({blank[n]: turned(v) for n, v in values.items()}),
        os.path.join(where, "expected.safetensors"),
    )
    write_truth(
        "keras-to-safetensors", "actual.keras", "expected.safetensors",
        blank.items(),
    )

    def save(path, values):
        with tf.Graph().as_default():
            for name, value in values.items():
                tf.compat.v1.get_variable(
                    name, initializer=tf.constant(value)
                )
            with tf.compat.v1.Session() as session:
                session.run(tf.compat.v1.global_variables_initializer())
                tf.compat.v1.train.Saver().save(
                    session, path, write_meta_graph=False, write_state=False
                )

    where = folder("checkpoint-renamed")
    save(os.path.join(where, "actual"), values)
    save(
        os.path.join(where, "expected"),
        {blank[n]: v for n, v in values.items()},
    )
    write_truth("checkpoint-renamed", "actual", "expected", blank.items())


def from_torch():
    import torch

    torch.manual_seed(7)
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16)
    model = torch.nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
    values = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape))
            values[name] = parameter.numpy().copy()
    blank = blank_names(values, 2)
    where = folder("torch-to-npz")
    torch.save(model.state_dict(), os.path.join(where, "actual.pt"))
    np.savez(
        os.path.join(where, "expected.npz"),
        **in_order_of_names({blank[n]: turned(v) for n, v in values.items()}),
    )
    write_truth("torch-to-npz", "actual.pt", "expected.npz", blank.items())


if __name__ == "__main__":
    {"keras": from_keras, "torch": from_torch}[sys.argv[1]]()
