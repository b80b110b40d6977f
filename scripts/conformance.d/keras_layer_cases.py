"""One model per layer class and unusual argument, for Keras 2 and 3."""

import numpy as np


# What the live model has and its config does not tell. Most of these a model
# loaded from the config would not have either.
UNDECIDABLE = {
    # One layer in two models is written twice: which of the two is meant?
    "shared_inside_and_outside",
    # tf-keras: adapt() before the first call leaves the layer's name out.
    "adapted_normalization", "adapted_bins", "adapted_text",
    # Its inner layers are quantised, the attention's own policy is not.
    "quantized_attention_int8", "quantized_attention_int4",
    "quantized_attention_float8",
    # Quantised before or after it was built: another order.
    "policy_float8_from_float32",
    # Another packing before Keras 3.15; said to be unknown.
    "policy_int4_from_float32",
    # Its variables are unknown, and said to be.
    "custom_layer",
}


def _is_keras3(keras):
    return keras.__version__.startswith("3")


def layer_cases(keras):
    """[(label, function that builds the model)]"""
    cases = []
    for shape, make in single_layers(keras):
        label = f"{make.__name__} on {shape}"
        cases.append((label, lambda shape=shape, make=make:
                      _around(keras, shape, make)))
    cases += [(make.__name__, make) for make in _graphs(keras)]
    return cases


def _around(keras, shape, make):
    """Input, the layer, and what shows the shape that it returns."""
    dtype = None
    if isinstance(shape[-1], str):
        shape, dtype = shape[:-1], shape[-1]
    x = keras.Input(shape, dtype=dtype)
    y = make()(x)
    outputs = []
    for out in (y if isinstance(y, (list, tuple)) else [y]):
        wanted = getattr(out.dtype, "name", out.dtype)
        if "float" in str(wanted) and len(out.shape) > 1 and out.shape[-1]:
            out = keras.layers.Dense(2)(out)
        outputs.append(out)
    return keras.Model(x, outputs)


def single_layers(keras):
    """(input shape, function that makes the layer); the function's name is
    the case's."""
    layers = keras.layers
    found = []

    def add(shape, kind, /, *args, **kwargs):
        build = getattr(layers, kind, None)
        if build is None and hasattr(layers, "experimental"):
            build = getattr(layers.experimental, kind, None)
        if build is None:
            return
        wrap = kwargs.pop("wrap", None)

        def make():
            layer = build(*[a() if callable(a) else a for a in args],
                          **{k: v() if k in _LAZY else v
                             for k, v in kwargs.items()})
            return wrap(layer) if wrap else layer
        told = [str(getattr(a, "__name__", a)) for a in args]
        told += [f"{k}={getattr(v, '__name__', v)}" for k, v in kwargs.items()]
        make.__name__ = f"{kind}({', '.join(told)})"
        found.append((shape, make))

    flat, seq, image, volume = (8,), (9, 6), (10, 12, 6), (6, 7, 8, 4)
    _add_core(add, keras, flat, seq, image)
    _add_conv(add, seq, image, volume)
    _add_norm(add, keras, flat, seq, image)
    _add_recurrent(add, keras, seq, image, volume)
    _add_shapes(add, keras, flat, seq, image, volume)
    _add_preprocessing(add, keras, flat, image)
    return found


_LAZY = ("layer", "cell", "cells", "backward_layer", "kernel_regularizer")


def _add_core(add, keras, flat, seq, image):
    lay = keras.layers
    add(flat, "RandomFourierFeatures", 5)
    add(flat, "RandomFourierFeatures", 5, trainable=True, dtype="float64")
    for shape in (flat, seq, image):
        add(shape, "Dense", 5)
        add(shape, "Dense", 5, use_bias=False, name="a b.c")
        add(shape, "Dense", 5, name="a/b")
        add(shape, "Dense", 1, activation="softmax",
            kernel_initializer="he_normal", kernel_constraint="max_norm",
            bias_regularizer="l2", activity_regularizer="l1")
    for policy in ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16",
                   "float64"):
        add(seq, "Dense", 3, dtype=policy)
        add(seq, "LSTM", 3, dtype=policy)
        add(seq, "MultiHeadAttention", 2, 3, dtype=policy, wrap=_self_called)
        add(seq, "LayerNormalization", dtype=policy)
        add(image, "BatchNormalization", dtype=policy)
        add(image, "Normalization", dtype=policy)
        add(seq, "Bidirectional", lambda p=policy: lay.GRU(2, dtype=p))
        add(seq, "TimeDistributed", lambda p=policy: lay.Dense(2, dtype=p))
    for equation, shape, out, bias in (
            ("ab,bc->ac", flat, 4, "c"), ("abc,cd->abd", seq, (None, 4), "d"),
            ("abc,cde->abde", seq, (None, 2, 3), "de"),
            ("abc,bcd->abd", seq, (9, 4), "bd"),
            ("...x,xy->...y", image, 4, "y"),
            ("abc,bcd->ad", seq, 4, None),
            ("abc,cb->ab", seq, 9, "b"),
            ("abcd,cde->abe", image, (None, 5), "e"),
            ("...abc,cd->...abd", image, (10, 12, 5), "d"),
            ("aBc,Bcd->ad", seq, 3, "d")):
        add(shape, "EinsumDense", equation, out, bias_axes=bias)
    for shape in ((7, "int32"), ("int32",), (3, 4, "int64")):
        add(shape, "Embedding", 20, 6)
        add(shape, "Embedding", 20, 6, mask_zero=True)
    add((7, "int32"), "Embedding", 20, 6, embeddings_constraint="unit_norm")
    add((7, "int32"), "ReversibleEmbedding", 20, 6)
    add((7, "int32"), "ReversibleEmbedding", 20, 6, tie_weights=False)
    for heads, kwargs in ((1, {}), (3, {"value_dim": 5}),
                          (2, {"use_bias": False}), (2, {"output_shape": 7}),
                          (2, {"output_shape": (2, 3)}),
                          (2, {"attention_axes": (1,)}),
                          (2, {"dropout": 0.2, "seed": 3})):
        add(seq, "MultiHeadAttention", heads, 4, wrap=_self_called, **kwargs)
    for axes in ((1,), (1, 2), 2, (-2,), None):
        add((5, 7, 6), "MultiHeadAttention", 2, 3, attention_axes=axes,
            wrap=_self_called)
    add(seq, "MultiHeadAttention", 2, 4, use_gate=True, wrap=_self_called)
    for name in ("GroupQueryAttention", "GroupedQueryAttention"):
        add(seq, name, 4, 6, 2, wrap=_self_called)
        add(seq, name, 4, 6, 1, use_bias=False, wrap=_self_called)
        add(seq, name, 4, 6, 2, use_gate=True, wrap=_self_called)
    for name in ("Attention", "AdditiveAttention"):
        add(seq, name, wrap=_list_called)
        add(seq, name, use_scale=True, wrap=_list_called)
        add(seq, name, use_scale=False, dropout=0.3, wrap=_list_called)
    add(seq, "Attention", score_mode="concat", wrap=_list_called)
    add(seq, "Attention", score_mode="concat", use_scale=True,
        wrap=_list_called)


def _self_called(layer):
    return lambda x: layer(x, x)


def _list_called(layer):
    return lambda x: layer([x, x])


def _add_conv(add, seq, image, volume):
    for rank, shape in ((1, seq), (2, image), (3, volume)):
        n = shape[-1]
        conv = f"Conv{rank}D"
        add(shape, conv, 4, 3)
        add(shape, conv, 4, 2, padding="same", strides=2, use_bias=False)
        add(shape, conv, 2 * n, 3, groups=2)
        add(shape, conv, n, 3, groups=n, padding="same")
        add(shape, conv, 4, 2, dilation_rate=2)
        add(shape, conv, 4, tuple(range(1, rank + 1)))
        add(shape, conv, 4, 2, data_format="channels_first", padding="same")
        add(shape, f"{conv}Transpose", 4, 3)
        add(shape, f"{conv}Transpose", 4, 2, strides=2, padding="same",
            use_bias=False)
        add(shape, f"{conv}Transpose", 4, 3, strides=3, output_padding=1)
        add(shape, f"{conv}Transpose", 4, 3, strides=2, output_padding=0,
            padding="same")
        add(shape, f"{conv}Transpose", 4, 3, data_format="channels_first")
        add(shape, f"{conv}Transpose", 4, 3, dilation_rate=2)
        add((None,) * rank + (n,), conv, 4, 3)
        add((None,) * rank + (n,), f"{conv}Transpose", 4, 3)
        if rank == 3:
            continue
        for name in (f"DepthwiseConv{rank}D", f"SeparableConv{rank}D"):
            first = (4,) if name[0] == "S" else ()
            add(shape, name, *first, 3)
            add(shape, name, *first, 3, depth_multiplier=2, padding="same",
                use_bias=False)
            add(shape, name, *first, 2, strides=2)
            add(shape, name, *first, 2, dilation_rate=2)
            add(shape, name, *first, 2, data_format="channels_first",
                depth_multiplier=3)
        local = f"LocallyConnected{rank}D"
        add(shape, local, 3, 2)
        for way in (1, 2, 3):
            add(shape, local, 3, 2, implementation=way, strides=1,
                padding="same" if way > 1 else "valid", use_bias=False)
        add(shape, local, 3, 2, data_format="channels_first",
            implementation=1)
    add(seq, "Conv1D", 4, 3, padding="causal", dilation_rate=2)
    add(seq, "DepthwiseConv1D", 3, padding="same")
    add(seq, "SeparableConv1D", 3, 3, padding="causal")


def _add_norm(add, keras, flat, seq, image):
    lay = keras.layers
    for shape in (flat, seq, image):
        rank = len(shape) + 1
        add(shape, "BatchNormalization")
        add(shape, "BatchNormalization", axis=1)
        add(shape, "BatchNormalization", axis=-1, scale=False)
        add(shape, "BatchNormalization", center=False, trainable=False)
        add(shape, "BatchNormalization", synchronized=True)
        for axis in (-1, 1, list(range(1, rank)), [rank - 1], [-1],
                     list(range(rank - 1, 0, -1))):
            add(shape, "LayerNormalization", axis=axis)
            add(shape, "RMSNormalization", axis=axis)
            add(shape, "Normalization", axis=axis)
            add(shape, "UnitNormalization", axis=axis)
        add(shape, "LayerNormalization", rms_scaling=True)
        add(shape, "LayerNormalization", scale=False)
        add(shape, "LayerNormalization", center=False)
        add(shape, "GroupNormalization", groups=2)
        add(shape, "GroupNormalization", groups=-1)
        add(shape, "GroupNormalization", groups=1, axis=1, center=False)
        add(shape, "Normalization", axis=None)
        add(shape, "Normalization", mean=1.0, variance=2.0)
        add(shape, "Normalization", axis=None, invert=True)
        add(shape, "PReLU")
        add(shape, "PReLU", shared_axes=[1])
        add(shape, "SpectralNormalization", lambda: lay.Dense(3))
        add(shape, "SpectralNormalization",
            lambda: lay.Dense(3, use_bias=False), power_iterations=2)
        add(shape, "SpectralNormalization",
            lambda: lay.Dense(3, trainable=False))
    for axis in ([1, 2], [3], [1, 3], (-2, -1), [2, 3, 1]):
        add(image, "BatchNormalization", axis=axis)
        add(image, "LayerNormalization", axis=axis)
        add(image, "Normalization", axis=axis)
    add(image, "BatchNormalization", renorm=True)
    add(image, "PReLU", shared_axes=[1, 2])
    add(image, "SpectralNormalization", lambda: lay.Conv2D(3, 2))
    add(image, "SpectralNormalization", lambda: lay.Conv2DTranspose(3, 2))
    add((7, "int32"), "SpectralNormalization", lambda: lay.Embedding(9, 3))


def _add_recurrent(add, keras, seq, image, volume):
    lay = keras.layers
    for name in ("LSTM", "GRU", "SimpleRNN"):
        for kwargs in ({}, {"return_sequences": True}, {"return_state": True},
                       {"return_sequences": True, "return_state": True},
                       {"go_backwards": True}, {"unroll": True},
                       {"use_bias": False}, {"dropout": 0.2},
                       {"recurrent_dropout": 0.2, "seed": 1},
                       {"time_major": True, "return_sequences": True},
                       {"trainable": False}, {"name": "my rnn"}):
            add(seq, name, 5, **kwargs)
        for mode in ("concat", "sum", "mul", "ave", None):
            for more in ({}, {"return_sequences": True},
                         {"return_state": True}):
                add(seq, "Bidirectional", lambda n=name, m=more:
                    getattr(lay, n)(4, **m), merge_mode=mode)
        add(seq, "Bidirectional", lambda n=name: getattr(lay, n)(4),
            backward_layer=lambda n=name: getattr(lay, n)(
                4, go_backwards=True, name="other"))
        add(seq, "Bidirectional", lambda n=name: getattr(lay, n)(
            4, name="inner"), name="outer")
        add(seq, "RNN", lambda n=name: getattr(lay, n + "Cell")(4))
        add(seq, "RNN", lambda n=name: getattr(lay, n + "Cell")(
            4, use_bias=False, name="own"), return_sequences=True,
            return_state=True)
        add(image, "TimeDistributed", lambda n=name: getattr(lay, n)(3))
    add(seq, "GRU", 5, reset_after=False)
    add(seq, "GRU", 5, reset_after=False, use_bias=False)
    add(seq, "LSTM", 5, unit_forget_bias=False)

    def cells():
        return [lay.LSTMCell(3), lay.GRUCell(5), lay.SimpleRNNCell(2)]
    add(seq, "RNN", cells)
    add(seq, "RNN", lambda: lay.StackedRNNCells(cells(), name="pile"),
        return_state=True)
    add(seq, "RNN", lambda: [lay.LSTMCell(3), lay.LSTMCell(3)])
    add(seq, "Bidirectional", lambda: lay.RNN(cells(), name="r"))
    add(seq, "Bidirectional", lambda: lay.RNN(lay.LSTMCell(3)))
    add(seq, "Bidirectional", lambda: lay.RNN(
        lay.LSTMCell(3), return_sequences=True))
    for rank, shape in ((1, image), (2, volume)):
        name = f"ConvLSTM{rank}D"
        add(shape, name, 3, 2)
        add(shape, name, 3, 2, padding="same", strides=2,
            return_sequences=True)
        add(shape, name, 3, 2, use_bias=False, return_state=True)
        add(shape, name, 3, 2, data_format="channels_first")
        add(shape, "Bidirectional", lambda n=name: getattr(lay, n)(3, 2))
    add((4, 6, 7, 5, 3), "ConvLSTM3D", 2, 2)
    for shape in (seq, image):
        for inner in (lambda: lay.Dense(3), lambda: lay.BatchNormalization(),
                      lambda: lay.LayerNormalization(),
                      lambda: lay.Dropout(0.2), lambda: lay.Flatten(),
                      lambda: lay.PReLU()):
            add(shape, "TimeDistributed", inner)
    add(image, "TimeDistributed", lambda: lay.Conv1D(3, 2))
    add(image, "TimeDistributed", lambda: lay.MultiHeadAttention(2, 2),
        wrap=None)
    add(volume, "TimeDistributed", lambda: lay.Conv2D(3, 2, name="c"))
    add(volume, "TimeDistributed", lambda: lay.TimeDistributed(lay.Dense(2)))
    add(image, "TimeDistributed", lambda: lay.Bidirectional(lay.LSTM(2)))
    add(seq, "TimeDistributed", lambda: keras.Sequential(
        [lay.Dense(3), lay.Dense(4)]))
    add(seq, "TimeDistributed", lambda: keras.Sequential(
        [keras.Input((6,)), lay.Dense(3), lay.Dense(4)], name="inner"))
    add(seq, "TimeDistributed", lambda: _functional(keras, (6,)))


def _functional(keras, shape, name=None):
    x = keras.Input(shape)
    y = keras.layers.Dense(3, name="dense")(x)
    return keras.Model(x, keras.layers.BatchNormalization()(y), name=name)


def _add_shapes(add, keras, flat, seq, image, volume):
    for shape in (flat, seq, image, volume):
        add(shape, "Flatten")
        add(shape, "Flatten", data_format="channels_first")
        add(shape, "Activation", "gelu")
        add(shape, "Softmax", axis=1)
        for name in ("LeakyReLU", "ELU", "ReLU", "ThresholdedReLU",
                     "Identity", "ActivityRegularization", "Masking"):
            add(shape, name)
        for name in ("Dropout", "GaussianNoise", "GaussianDropout",
                     "AlphaDropout"):
            add(shape, name, 0.2)
            add(shape, name, 0.2, seed=7)
    add(seq, "Dropout", 0.1, noise_shape=(None, 1, None))
    add(flat, "RepeatVector", 3)
    for target in ((2, 4), (-1,), (4, -1), (8, 1), (-1, 2, 2), (1, 8)):
        add(flat, "Reshape", target)
    add((None, 6), "Reshape", (-1, 3))
    add((None, 6), "Reshape", (2, 3, -1))
    add(seq, "Permute", (2, 1))
    add(image, "Permute", (3, 1, 2))
    add(volume, "Permute", (4, 2, 3, 1))
    for rank, shape in ((1, seq), (2, image), (3, volume)):
        for kind in ("Max", "Average"):
            name = f"{kind}Pooling{rank}D"
            add(shape, name, 2)
            add(shape, name, 3, strides=2, padding="same")
            add(shape, name, 2, strides=1)
            add(shape, name, 2, data_format="channels_first")
            add(shape, f"Adaptive{name}", 3)
            for keep in (False, True):
                add(shape, f"Global{name}", keepdims=keep)
                add(shape, f"Global{name}", keepdims=keep,
                    data_format="channels_first")
        add(shape, f"UpSampling{rank}D", 2)
        add(shape, f"ZeroPadding{rank}D", 1)
        add(shape, f"Cropping{rank}D", 1)
        add(shape, f"SpatialDropout{rank}D", 0.2)
        if rank > 1:
            one = tuple(range(1, rank + 1))
            two = tuple((i, 1) for i in range(rank))
            first = {"data_format": "channels_first"}
            add(shape, f"UpSampling{rank}D", one, **first)
            for ends in (one, two):
                add(shape, f"ZeroPadding{rank}D", ends)
                add(shape, f"Cropping{rank}D", ends)
            add(shape, f"ZeroPadding{rank}D", two, **first)
            add(shape, f"Cropping{rank}D", two, **first)
        else:
            add(shape, "ZeroPadding1D", (2, 1))
            add(shape, "Cropping1D", (2, 1))
    add((None, None, 3), "UpSampling2D", 2, interpolation="bilinear")
    function = (lambda x: x * 2)
    add(seq, "Lambda", function)
    add(seq, "Lambda", function, output_shape=(9, 6))


def _add_preprocessing(add, keras, flat, image):
    words = ["a", "b", "c"]
    add(("string",), "StringLookup", vocabulary=words)
    add((4, "string"), "StringLookup", vocabulary=words)
    for mode in ("multi_hot", "count", "one_hot"):
        shape = ("string",) if mode == "one_hot" else (4, "string")
        add(shape, "StringLookup", vocabulary=words, output_mode=mode)
        add(shape, "StringLookup", vocabulary=words, output_mode=mode,
            num_oov_indices=2, max_tokens=9, pad_to_max_tokens=True)
        number = shape[:-1] + ("int64",)
        add(number, "IntegerLookup", vocabulary=[1, 5, 7], output_mode=mode)
        add(number, "CategoryEncoding", 5, output_mode=mode)
        add(number, "Hashing", 6, output_mode=mode)
        add(shape, "Hashing", 6, output_mode=mode)
    add((4, "int64"), "IntegerLookup", vocabulary=[1, 5, 7])
    add((4, "int64"), "IntegerLookup", vocabulary=[1, 5, 7], mask_token=0)
    add((4, "string"), "StringLookup", vocabulary=words,
        output_mode="tf_idf", idf_weights=[0.5, 0.2, 0.1])
    add((1, "string"), "TextVectorization", vocabulary=words)
    add((1, "string"), "TextVectorization", vocabulary=words,
        output_sequence_length=5)
    add(("string",), "TextVectorization", vocabulary=words,
        output_sequence_length=5)
    for mode in ("multi_hot", "count"):
        add((1, "string"), "TextVectorization", vocabulary=words,
            output_mode=mode)
        add((1, "string"), "TextVectorization", vocabulary=words,
            output_mode=mode, max_tokens=11, pad_to_max_tokens=True)
        add((4,), "Discretization", bin_boundaries=[0.0, 1.0],
            output_mode=mode)
    add((4,), "Discretization", bin_boundaries=[0.0, 1.0, 2.0])
    add((1,), "Discretization", bin_boundaries=[0.0, 1.0],
        output_mode="one_hot")
    add((4,), "Discretization", num_bins=5)
    add((4, "int64"), "Hashing", 6)
    add((4, "string"), "Hashing", 6, salt=11)
    add(flat, "Rescaling", 0.5, offset=1.0)
    three = (20, 24, 3)
    add(three, "Resizing", 9, 7)
    add(three, "Resizing", 9, 7, crop_to_aspect_ratio=True)
    add(three, "Resizing", 9, 7, data_format="channels_first")
    add((None, None, 3), "Resizing", 9, 7)
    add(three, "CenterCrop", 8, 6)
    add(three, "RandomCrop", 8, 6)
    for name, *args in (
            ("RandomFlip",), ("RandomRotation", 0.1), ("RandomZoom", 0.1),
            ("RandomTranslation", 0.1, 0.1), ("RandomContrast", 0.1),
            ("RandomBrightness", 0.1), ("RandomHeight", 0.1),
            ("RandomWidth", 0.1), ("RandomShear", 0.1, 0.1),
            ("RandomHue", 0.1), ("RandomSaturation", 0.1),
            ("RandomSharpness", 0.1), ("RandomPosterization", 4),
            ("RandomInvert", 0.5), ("RandomGrayscale", 0.5),
            ("RandomGaussianBlur",), ("RandomErasing",),
            ("RandomPerspective",), ("RandomElasticTransform",),
            ("RandomColorJitter",), ("RandomColorDegeneration", 0.1),
            ("AutoContrast",), ("Equalization",), ("Solarization",),
            ("AugMix",), ("RandAugment",), ("CutMix",), ("MixUp",),
            ("ContrastLimitedAdaptiveHistogramEqualization",)):
        add(three, name, *args)
    add((4096,), "MelSpectrogram")
    add((4096,), "MelSpectrogram", num_mel_bins=20, fft_length=512)
    for mode in ("log", "magnitude", "real", "imag", "phase", "stft"):
        add((1024,), "STFTSpectrogram", mode=mode, frame_length=64,
            frame_step=16)
    add((1024, 1), "STFTSpectrogram", frame_length=64, frame_step=16,
        fft_length=128, expand_dims=True)
    add((1024,), "STFTSpectrogram", trainable=False)
    if hasattr(keras.layers, "Pipeline"):
        lay = keras.layers
        add(three, "Pipeline", lambda: [lay.RandomFlip(), lay.Resizing(8, 8)])


def _graphs(keras):
    """Models that need more than one layer, or more than a call."""
    layers = keras.layers
    model = keras.Model

    def adapted_normalization():
        norm = layers.Normalization()
        norm.adapt(np.ones((5, 4), "float32"))
        x = keras.Input((4,))
        return model(x, layers.Dense(2)(norm(x)))

    def adapted_text():
        text = layers.TextVectorization(output_mode="multi_hot")
        text.adapt(["a b c", "b c d"])
        x = keras.Input((1,), dtype="string")
        return model(x, layers.Dense(2)(text(x)))

    def adapted_bins():
        bins = layers.Discretization(num_bins=4, output_mode="multi_hot")
        bins.adapt(np.arange(40.0).reshape(10, 4))
        x = keras.Input((4,))
        return model(x, layers.Dense(2)(bins(x)))

    def stateful_lstm():
        x = keras.Input(batch_shape=(4, 5, 3))
        y = layers.LSTM(3, stateful=True, return_sequences=True)(x)
        return model(x, layers.Dense(2)(layers.GRU(2, stateful=True)(y)))

    def stateful_cells():
        x = keras.Input(batch_shape=(4, 5, 3))
        return model(x, layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)],
                                   stateful=True)(x))

    def stateful_bidirectional():
        x = keras.Input(batch_shape=(4, 5, 3))
        return model(x, layers.Bidirectional(
            layers.LSTM(3, stateful=True))(x))

    def stateful_conv_lstm():
        x = keras.Input(batch_shape=(2, 4, 6, 6, 3))
        return model(x, layers.ConvLSTM2D(3, 2, stateful=True)(x))

    def initial_state():
        x, h = keras.Input((5, 3)), keras.Input((4,))
        return model([x, h], layers.GRU(4)(x, initial_state=h))

    def bidirectional_initial_state():
        x = keras.Input((5, 3))
        states = [keras.Input((4,)) for _ in range(4)]
        y = layers.Bidirectional(layers.LSTM(4))(x, initial_state=states)
        return model([x, *states], layers.Dense(2)(y))

    def several_states():
        x = keras.Input((5, 3))
        outs = layers.Bidirectional(layers.LSTM(4, return_state=True))(x)
        return model(x, [layers.Dense(2)(out) for out in outs])

    def masks():
        x = keras.Input((7,), dtype="int32")
        y = layers.Embedding(9, 4, mask_zero=True)(x)
        y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(y)
        return model(x, layers.MultiHeadAttention(2, 3)(y, y))

    def broadcast_merges():
        a, b = keras.Input((5, 6)), keras.Input((1, 6))
        outs = [getattr(layers, kind)()([a, b]) for kind in
                ("Add", "Multiply", "Maximum", "Minimum", "Average",
                 "Subtract")]
        return model([a, b], [layers.Dense(2)(out) for out in outs])

    def merges_of_other_rank():
        a, b = keras.Input((5, 6)), keras.Input((6,))
        return model([a, b], layers.Dense(3)(layers.Add()([a, b])))

    def dots():
        a, b = keras.Input((5, 6)), keras.Input((7, 6))
        outs = [layers.Dot((2, 2))([a, b]), layers.Dot(-1)([a, b]),
                layers.Dot((1, 1), normalize=True)([a, a])]
        return model([a, b], [layers.Dense(2)(out) for out in outs])

    def cross_attention():
        q, v = keras.Input((4, 5)), keras.Input((6, 7))
        k = keras.Input((6, 9))
        mha = layers.MultiHeadAttention(2, 3, value_dim=4)
        return model([q, v, k], mha(q, v, k))

    def attention_scores():
        q, v = keras.Input((4, 5)), keras.Input((6, 7))
        out, scores = layers.MultiHeadAttention(2, 3)(
            q, v, return_attention_scores=True)
        return model([q, v], [layers.Dense(2)(out), layers.Dense(3)(scores)])

    def attention_by_keyword():
        q, v = keras.Input((4, 5)), keras.Input((6, 7))
        return model([q, v], layers.MultiHeadAttention(2, 3)(
            value=v, query=q, use_causal_mask=True))

    def attention_with_mask():
        q, mask = keras.Input((4, 5)), keras.Input((4, 4), dtype="bool")
        return model([q, mask], layers.MultiHeadAttention(2, 3)(
            q, q, attention_mask=mask))

    def plain_attention_of_three():
        q, v, k = (keras.Input((n, 5)) for n in (3, 4, 4))
        return model([q, v, k], layers.Dense(2)(
            layers.Attention(use_scale=True)([q, v, k])))

    def custom_layer():
        @keras.utils.register_keras_serializable("mine")
        class Dense(keras.layers.Layer):
            def build(self, shape):
                self.w = self.add_weight(shape=(shape[-1], 3), name="w")

            def call(self, x):
                return x @ self.w
        x = keras.Input((5,))
        y = layers.Dense(4, name="before")(x)
        return model(x, layers.Dense(4, name="behind")(Dense(name="own")(y)))

    def slicing():
        x = keras.Input((8, 6))
        a, b = x[:, 0], x[:, 1:5]
        return model(x, [layers.Dense(2)(a), layers.Dense(3)(b),
                         layers.Dense(4)(x[..., :3]),
                         layers.LSTM(2)(x[:, ::2, 1:])])

    def operators():
        x, y = keras.Input((8,)), keras.Input((8,))
        z = (x + y) * 2.0 - x / 3.0
        z = 1.0 - z
        z = z ** 2.0
        z = -z
        return model([x, y], layers.Dense(2)(abs(z)))

    def matmul_operator():
        x, y = keras.Input((4, 8)), keras.Input((8, 5))
        return model([x, y], layers.Dense(2)(x @ y))

    def compiled_ops():
        if _is_keras3(keras):
            ops = keras.ops
            x = keras.Input((8, 6))
            y = ops.mean(x, axis=1)
            z = ops.concatenate([y, ops.max(x, axis=1)], axis=-1)
            w = ops.reshape(z, (-1, 3, 4))
            t = ops.transpose(w, (0, 2, 1))
            p, q = ops.split(t, 2, axis=1)
            e = ops.expand_dims(ops.relu(z), 1)
            s = ops.stack([y, y], axis=1)
            m = ops.matmul(x, ops.transpose(x, (0, 2, 1)))
            n = ops.einsum("abc,abd->acd", x, x)
            v, i = ops.top_k(y, 2)
            outs = [y, z, w, t, p, q, e, s, m, n, v, ops.squeeze(e, 1),
                    ops.repeat(x, 2, axis=-1), ops.tile(x, (1, 1, 2)),
                    ops.pad(x, ((0, 0), (0, 0), (1, 2))),
                    ops.sum(x, axis=-1), ops.cast(x, "float16"),
                    ops.where(y > 0, y, y)]
            return model(x, [layers.Dense(2)(out) for out in outs])
        import tensorflow as tf
        x = keras.Input((8, 6))
        y = tf.reduce_mean(x, axis=1)
        z = tf.concat([y, tf.reduce_max(x, axis=1)], axis=-1)
        w = tf.reshape(z, (-1, 3, 4))
        t = tf.transpose(w, (0, 2, 1))
        p, q = tf.split(t, 2, axis=1)
        e = tf.expand_dims(tf.nn.relu(z), 1)
        s = tf.stack([y, y], axis=1)
        m = tf.matmul(x, x, transpose_b=True)
        n = tf.einsum("abc,abd->acd", x, x)
        outs = [y, z, w, t, p, q, e, s, m, n, tf.squeeze(e, 1),
                tf.repeat(x, 2, axis=-1), tf.tile(x, (1, 1, 2)),
                tf.pad(x, ((0, 0), (0, 0), (1, 2))),
                tf.reduce_sum(x, axis=-1), tf.where(y > 0, y, y),
                tf.math.top_k(y, 2).values, tf.one_hot(tf.argmax(y, -1), 5),
                tf.gather(x, [0, 2], axis=1), tf.math.l2_normalize(y, -1)]
        return model(x, [layers.Dense(2)(out) for out in outs])

    def unstacked():
        if _is_keras3(keras):
            x = keras.Input((3, 6))
            parts = keras.ops.unstack(x, axis=1)
        else:
            import tensorflow as tf
            x = keras.Input((3, 6))
            parts = tf.unstack(x, axis=1)
        return model(x, [layers.Dense(2)(part) for part in parts])

    def several_outputs_of_a_model():
        x = keras.Input((6,))
        inner = model(x, [layers.Dense(3)(x), layers.Dense(4)(x)])
        y = keras.Input((6,))
        a, b = inner(y)
        return model(y, [layers.Dense(2)(b), layers.Dense(2)(a)])

    def named_inputs_of_a_model():
        a, b = keras.Input((6,), name="zeta"), keras.Input((3,), name="alpha")
        inner = model({"zeta": a, "alpha": b},
                      {"out": layers.Dense(3)(a), "aux": layers.Dense(2)(b)})
        c, d = keras.Input((6,)), keras.Input((3,))
        outs = inner({"zeta": c, "alpha": d})
        return model([c, d], [layers.Dense(2)(outs["out"]),
                              layers.Dense(4)(outs["aux"])])

    def equal_names_in_nested_models():
        def part(name):
            x = keras.Input((6,))
            y = layers.Dense(5, name="dense")(x)
            return model(x, layers.Dense(6, name="out")(y), name=name)
        x = keras.Input((6,))
        return model(x, layers.Dense(1, name="dense")(
            part("second")(part("first")(x))))

    def equal_sequentials():
        def part(name):
            return keras.Sequential([keras.Input((6,)),
                                     layers.Dense(6, name="dense")], name=name)
        x = keras.Input((6,))
        return model(x, part("second")(part("first")(x)))

    def shared_inside_and_outside():
        dense = layers.Dense(6, name="shared")
        x = keras.Input((6,))
        inner = model(x, layers.Dense(6, name="own")(dense(x)), name="inner")
        y = keras.Input((6,))
        return model(y, dense(inner(dense(y))))

    def model_of_a_part():
        x = keras.Input((6,))
        y = layers.Dense(5, name="one")(x)
        z = layers.Dense(4, name="two")(y)
        whole = model(x, layers.Dense(3, name="three")(z))
        return model(whole.input, whole.get_layer("two").output)

    def layers_of_another():
        base = _functional(keras, (6,), "base")
        return model(base.input, layers.Dense(2, name="head")(base.output))

    def sequential_grown():
        made = keras.Sequential(name="grown")
        made.add(keras.Input((6,)))
        for i in range(4):
            made.add(layers.Dense(i + 2, name=f"d{i}"))
        made.pop()
        made.add(layers.Dropout(0.1))
        made.add(layers.Dense(1))
        return made

    def frozen_by_parts():
        inner = _functional(keras, (6,), "inner")
        inner.layers[1].trainable = False
        x = keras.Input((6,))
        return model(x, layers.Dense(2)(inner(x)))

    def frozen_all():
        made = keras.Sequential([keras.Input((6,)), layers.Dense(3),
                                 layers.BatchNormalization()])
        made.trainable = False
        return made

    def frozen_wrappers():
        x = keras.Input((5, 6))
        bi = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
        td = layers.TimeDistributed(layers.Dense(3))
        mha = layers.MultiHeadAttention(2, 3)
        y = td(bi(x))
        y = mha(y, y)
        made = model(x, layers.Dense(2)(y))
        for layer in (bi, td, mha):
            layer.trainable = False
        return made

    def frozen_and_thawed():
        x = keras.Input((6,))
        made = model(x, layers.BatchNormalization()(layers.Dense(3)(x)))
        made.trainable = False
        made.trainable = True
        return made

    def deep_nest():
        shape = (6,)
        x = keras.Input(shape)
        made = model(x, layers.Dense(6)(x), name="level0")
        for i in range(1, 5):
            x = keras.Input(shape)
            made = model(x, layers.Dense(6)(made(x)), name=f"level{i}")
        return made

    def siamese_sequential():
        tower = keras.Sequential([layers.Dense(4), layers.Dense(3)],
                                 name="tower")
        a, b = keras.Input((6,)), keras.Input((6,))
        return model([a, b], layers.Concatenate()([tower(a), tower(b)]))

    def dtype_of_model():
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            x = keras.Input((6, 6, 3))
            y = layers.BatchNormalization()(layers.Conv2D(3, 2)(x))
            y = layers.Dense(2, dtype="float32")(layers.Flatten()(y))
            return model(x, y)
        finally:
            keras.mixed_precision.set_global_policy("float32")

    def batch_of_known_size():
        x = keras.Input(batch_shape=(3, 4, 5))
        y = layers.Flatten()(x)
        return model(x, layers.Dense(2)(layers.Reshape((2, 10))(y)))

    makers = [value for value in locals().values()
              if callable(value) and getattr(value, "__closure__", 0) != 0
              and getattr(value, "__code__", None) is not None
              and value.__code__.co_argcount == 0]
    if _is_keras3(keras):
        makers += _of_keras3(keras)
    return makers


def _of_keras3(keras):
    layers, model = keras.layers, keras.Model

    def lora(make, shape, dtype=None):
        layer = make()
        x = keras.Input(shape, dtype=dtype)
        made = model(x, layer(x))
        layer.enable_lora(2)
        return made

    def lora_dense():
        return lora(lambda: layers.Dense(5), (6,))

    def lora_dense_alpha():
        layer = layers.Dense(5)
        x = keras.Input((6,))
        made = model(x, layer(x))
        layer.enable_lora(2, lora_alpha=8)
        return made

    def lora_embedding():
        return lora(lambda: layers.Embedding(9, 5), (6,), "int32")

    def lora_einsum():
        return lora(lambda: layers.EinsumDense(
            "abc,cde->abde", (None, 2, 3), bias_axes="de"), (4, 6))

    def lora_conv1():
        return lora(lambda: layers.Conv1D(5, 3), (8, 4))

    def lora_conv2():
        return lora(lambda: layers.Conv2D(5, (3, 2)), (8, 8, 4))

    def lora_conv3():
        return lora(lambda: layers.Conv3D(5, 2, use_bias=False),
                    (8, 8, 8, 4))

    def quantized(mode, train=False):
        def make():
            x = keras.Input((6, 4))
            y = layers.EinsumDense("abc,cd->abd", (None, 8), bias_axes="d")(x)
            y = layers.Dense(5, name="d")(y)
            made = model(x, y)
            made.quantize(mode)
            return made
        make.__name__ = f"quantized_{mode}"
        return make

    def quantized_embedding(mode):
        def make():
            x = keras.Input((6,), dtype="int32")
            made = model(x, layers.Dense(2)(layers.Embedding(9, 4)(x)))
            made.quantize(mode)
            return made
        make.__name__ = f"quantized_embedding_{mode}"
        return make

    def quantized_reversible(mode, tie):
        def make():
            x = keras.Input((6,), dtype="int32")
            made = model(x, layers.ReversibleEmbedding(
                9, 4, tie_weights=tie)(x))
            made.quantize(mode)
            return made
        make.__name__ = f"quantized_reversible_{mode}_{tie}"
        return make

    def quantized_by_policy(policy):
        def make():
            x = keras.Input((6, 4))
            y = layers.Dense(5, dtype=policy)(x)
            return model(x, layers.EinsumDense(
                "abc,cd->abd", (None, 3), dtype=policy)(y))
        make.__name__ = f"policy_{policy}"
        return make

    def quantized_attention(mode):
        def make():
            x = keras.Input((6, 4))
            made = model(x, layers.MultiHeadAttention(2, 4)(x, x))
            made.quantize(mode)
            return made
        make.__name__ = f"quantized_attention_{mode}"
        return make

    def lora_and_int8():
        layer = layers.Dense(5)
        x = keras.Input((6,))
        made = model(x, layer(x))
        layer.enable_lora(2)
        made.quantize("int8")
        return made

    def int8_and_lora():
        layer = layers.Dense(5)
        x = keras.Input((6,))
        made = model(x, layer(x))
        made.quantize("int8")
        layer.enable_lora(2)
        return made

    def dtype_map():
        x = keras.Input((6, 4))
        mha = layers.MultiHeadAttention(2, 4, dtype="mixed_bfloat16")
        return model(x, layers.Dense(3)(mha(x, x)))

    made = [lora_dense, lora_dense_alpha, lora_embedding, lora_einsum,
            lora_conv1, lora_conv2, lora_conv3, lora_and_int8, int8_and_lora,
            dtype_map]
    for mode in ("int8", "int4", "float8"):
        made += [quantized(mode), quantized_embedding(mode),
                 quantized_attention(mode), quantized_reversible(mode, True),
                 quantized_reversible(mode, False)]
    for policy in ("int8_from_float32", "int8_from_mixed_bfloat16",
                   "float8_from_float32", "int4_from_float32"):
        made.append(quantized_by_policy(policy))
    return made
