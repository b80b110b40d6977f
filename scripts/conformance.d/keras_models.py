"""Models of all kinds, for Keras 2 and 3: (label, function that builds it)."""

import inspect
import random

import keras_layer_cases


def is_keras3(keras):
    return keras.__version__.startswith("3")


# The smallest input that these take without their top.
_INPUTS = {
    "Xception": 71, "InceptionV3": 75, "InceptionResNetV2": 75,
    "NASNetLarge": 331, "NASNetMobile": 224,
}


def applications(keras):
    models = []
    for name in sorted(dir(keras.applications)):
        build = getattr(keras.applications, name)
        if not name[0].isupper() or not callable(build):
            continue
        for top in (True, False):
            models.append((f"{name} top={top}",
                           lambda name=name, build=build, top=top:
                           _application(name, build, top)))
    return models


def _application(name, build, top):
    side = _INPUTS.get(name, 64)
    arguments = {"weights": None, "include_top": top}
    accepted = inspect.signature(build).parameters
    if not top:
        arguments["input_shape"] = (side, side, 3)
    if "include_preprocessing" in accepted:
        arguments["include_preprocessing"] = True
    return build(**arguments)


def composed(keras):
    layers = keras.layers

    def model(inputs, outputs, name=None):
        return keras.Model(inputs, outputs, name=name)

    def block(name, width, shape=(8,)):
        x = keras.Input(shape)
        y = layers.Dense(width, activation="relu", name="dense")(x)
        return model(x, layers.BatchNormalization(name="norm")(y), name)

    def functional_in_functional():
        x = keras.Input((8,))
        return model(x, layers.Dense(2, name="head")(block("enc", 5)(x)))

    def three_deep():
        x = keras.Input((8,))
        inner = block("inner", 6)
        middle = model(x, layers.Dense(4, name="m")(inner(x)), "middle")
        z = keras.Input((8,))
        return model(z, layers.Dense(1, name="o")(middle(z)), "outer")

    def sequential_in_functional():
        x = keras.Input((8,))
        part = keras.Sequential([keras.Input((8,)), layers.Dense(3),
                                 layers.Dropout(0.1), layers.Dense(4)],
                                name="part")
        return model(x, layers.Dense(2)(part(x)))

    def deferred_sequential_in_functional():
        x = keras.Input((8,))
        part = keras.Sequential([layers.Dense(3), layers.Dense(4)],
                                name="part")
        return model(x, layers.Dense(2)(part(x)))

    def functional_in_sequential():
        return keras.Sequential([keras.Input((8,)), block("enc", 5),
                                 layers.Dense(2, name="head")], name="whole")

    def shared_layer():
        a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
        dense = layers.Dense(5, name="shared")
        return model([a, b], layers.Dense(1, name="o")(
            layers.Concatenate()([dense(a), dense(b)])))

    def shared_layer_in_a_row():
        x = keras.Input((8,))
        dense = layers.Dense(8, name="shared")
        return model(x, dense(dense(dense(x))))

    def shared_model():
        a, b = keras.Input((8,)), keras.Input((8,))
        tower = block("tower", 6)
        return model([a, b], layers.Dense(1)(
            layers.Subtract()([tower(a), tower(b)])))

    def shared_model_at_two_sizes():
        a, b = keras.Input((16, 16, 3)), keras.Input((8, 8, 3))
        x = keras.Input((None, None, 3))
        tower = model(x, layers.Conv2D(4, 3, name="c")(x), "tower")
        flat = layers.Flatten()
        return model([a, b], layers.Dense(2)(layers.Concatenate()(
            [flat(tower(a)), layers.Flatten()(tower(b))])))

    def frozen_inner_model():
        inner = block("enc", 5)
        inner.trainable = False
        x = keras.Input((8,))
        return model(x, layers.Dense(2, name="head")(inner(x)))

    def frozen_some():
        x = keras.Input((8,))
        y = layers.Dense(5, name="a", trainable=False)(x)
        y = layers.BatchNormalization(name="n", trainable=False)(y)
        return model(x, layers.Dense(5, name="b")(y))

    def frozen_thawed():
        inner = block("enc", 5)
        inner.trainable = False
        inner.layers[1].trainable = True
        x = keras.Input((8,))
        return model(x, layers.Dense(2, name="head")(inner(x)))

    def autoencoder():
        x = keras.Input((16, 16, 1))
        y = layers.Conv2D(4, 3, strides=2, padding="same")(x)
        y = layers.Conv2D(8, 3, strides=2, padding="same")(y)
        y = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(y)
        y = layers.Conv2DTranspose(1, 3, strides=2, padding="same")(y)
        return model(x, layers.Dense(2)(layers.Flatten()(y)))

    def unet():
        x = keras.Input((16, 16, 3))
        a = layers.Conv2D(4, 3, padding="same")(x)
        b = layers.Conv2D(6, 3, padding="same")(layers.MaxPooling2D()(a))
        c = layers.Concatenate()([layers.UpSampling2D()(b), a])
        return model(x, layers.Conv2D(1, 1)(c))

    def transformer_block():
        tokens = keras.Input((7,), dtype="int32")
        x = layers.Embedding(30, 8, name="tokens")(tokens)
        y = layers.MultiHeadAttention(2, 4, name="mha")(x, x)
        x = layers.LayerNormalization(name="n1")(layers.Add()([x, y]))
        y = layers.Dense(16, activation="gelu", name="up")(x)
        x = layers.Add()([x, layers.Dense(8, name="down")(y)])
        return model(tokens, layers.GlobalAveragePooling1D()(x))

    def encoder_decoder():
        source, target = keras.Input((5, 4)), keras.Input((6, 3))
        _, h, c = layers.LSTM(7, return_state=True, name="enc")(source)
        y = layers.LSTM(7, return_sequences=True, name="dec")(
            target, initial_state=[h, c])
        return model([source, target], layers.Dense(3)(y))

    def attention_over_memory():
        query, memory = keras.Input((5, 4)), keras.Input((6, 9))
        y = layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=7)(
            query, memory)
        return model([query, memory], layers.Dense(2)(y))

    def attention_with_key():
        q, v, k = (keras.Input((5, n)) for n in (4, 6, 8))
        return model([q, v, k], layers.MultiHeadAttention(2, 3)(q, v, key=k))

    def wrapped_model():
        x = keras.Input((5, 8))
        return model(x, layers.LSTM(3)(
            layers.TimeDistributed(block("frame", 6), name="td")(x)))

    def wrapped_wrapper():
        x = keras.Input((3, 5, 8))
        y = layers.TimeDistributed(layers.Bidirectional(layers.GRU(4)))(x)
        return model(x, layers.Bidirectional(layers.LSTM(3), "sum")(y))

    def stacked_cells():
        x = keras.Input((5, 4))
        cells = [layers.LSTMCell(3), layers.GRUCell(5),
                 layers.SimpleRNNCell(2)]
        y = layers.RNN(cells, return_sequences=True)(x)
        return model(x, layers.Dense(2)(layers.RNN(layers.GRUCell(3))(y)))

    def several_outputs():
        x = keras.Input((8,))
        y = layers.Dense(6, name="trunk")(x)
        return model(x, [layers.Dense(1, name="value")(y),
                         layers.Dense(4, name="policy")(y)])

    def inputs_by_name():
        a, b = keras.Input((8,), name="a"), keras.Input((3,), name="b")
        return model({"a": a, "b": b}, {"out": layers.Dense(2)(
            layers.Concatenate()([a, b]))})

    def operators():
        x, y = keras.Input((8,)), keras.Input((8,))
        z = (x + y) * 2.0 - x / 3.0
        return model([x, y], layers.Dense(2)(z))

    def mixed_precision():
        x = keras.Input((16, 16, 3))
        y = layers.Conv2D(4, 3, dtype="mixed_float16")(x)
        y = layers.BatchNormalization(dtype="mixed_float16")(y)
        y = layers.LSTM(3, dtype="mixed_bfloat16")(layers.Reshape((-1, 4))(y))
        return model(x, layers.Dense(2, dtype="float64")(y))

    def statistics():
        x = keras.Input((8,))
        y = layers.Normalization(name="n")(x)
        y = layers.Normalization(axis=None, name="scalar")(y)
        return model(x, layers.Dense(2)(y))

    def sequential_of_sequentials():
        return keras.Sequential([
            keras.Input((8,)),
            keras.Sequential([layers.Dense(3, name="a")], name="first"),
            keras.Sequential([layers.Dense(4, name="a")], name="second"),
        ], name="outer")

    def built_by_shape():
        made = keras.Sequential([layers.Conv1D(4, 3), layers.Flatten(),
                                 layers.Dense(2)])
        made.build((None, 9, 5))
        return made

    makers = [value for value in list(locals().values())
              if inspect.isfunction(value)
              and not inspect.signature(value).parameters]
    return [(make.__name__, make) for make in makers]


def random_models(keras, count, seed):
    """More than `count`: Keras cannot build some of them."""
    return [(f"{seed}.{i}",
             lambda i=i: RandomModel(keras, f"{seed}.{i}").build())
            for i in range(2 * count)]


class RandomModel:
    """A graph of built-in layers: each step puts one on a tensor at hand."""

    def __init__(self, keras, seed):
        self.keras = keras
        self.layers = keras.layers
        self.pick = random.Random(seed)
        self.names = 0
        self.cases = {}
        for shape, make in keras_layer_cases.single_layers(keras):
            if not isinstance(shape[-1], str):
                self.cases.setdefault(len(shape) + 1, []).append(make)

    def build(self):
        kind = self.pick.choice([self.functional, self.functional,
                                 self.sequential])
        rank = self.pick.choice([2, 3, 3, 4, 4, 5])
        model = kind(self.shape(rank), self.pick.randint(2, 9), 0)
        self.change(model)
        return model

    def change(self, model):
        """What is done to models that are there."""
        if self.pick.random() < 0.15:
            self.pick.choice(model.layers).trainable = False
        if (self.pick.random() < 0.15 and is_keras3(self.keras)
                and any(isinstance(layer, self.layers.Dense)
                        for layer in model.layers)):
            model.quantize(self.pick.choice(["int8", "int4", "float8"]))

    def input(self, shape):
        batch = self.pick.choice([None] * 9 + [2])
        if len(shape) == 2 and self.pick.random() < 0.15:
            shape = (None, shape[1])
        return self.keras.Input(shape, batch_size=batch)

    def shape(self, rank):
        side = {2: 0, 3: 1, 4: 2, 5: 3}[rank]
        low = {1: 12, 2: 10, 3: 8}.get(side, 0)
        return tuple(self.pick.randint(low, low + 4) for _ in range(side)) + (
            self.pick.choice([2, 3, 4, 6, 8]),)

    def name(self, prefix="l"):
        if self.pick.random() < 0.5:
            return {}
        self.names += 1
        return {"name": f"{prefix}{self.names}"}

    def functional(self, shape, steps, depth):
        x = self.input(shape)
        inputs, tensors, used = [x], [x], []
        while steps > 0:
            steps -= 1
            tensor = self.pick.choice(tensors[-3:])
            if used and self.pick.random() < 0.12:
                layer, of = self.pick.choice(used)
                if tuple(of[1:]) == tuple(tensor.shape[1:]):
                    tensors.append(layer(tensor))
                    continue
            if self.pick.random() < 0.25:
                merged = self.merge(tensor, tensors)
                if merged is not None:
                    tensors.append(merged)
                    continue
            result = self.special(tensor, depth)
            if result is None:
                result = self.operation(tensor)
            if result is None:
                result = self.case(tensor)
            if result is None:
                layer = self.layer(tuple(tensor.shape), depth)
                result = layer(tensor)
                used.append((layer, tuple(tensor.shape)))
            tensors += result if isinstance(result, (list, tuple)) else [result]
        outputs = tensors[-1]
        if depth == 0 and self.pick.random() < 0.2 and len(tensors) > 2:
            outputs = [tensors[-1], tensors[-2]]
        return self.keras.Model(inputs, outputs, **self.name("model"))

    def sequential(self, shape, steps, depth):
        model = self.keras.Sequential(**self.name("seq"))
        model.add(self.input(shape) if depth == 0 else self.keras.Input(shape))
        self.shapes = []
        shapes = []
        for _ in range(steps):
            shapes.append(shape)
            model.add(self.layer((None,) + tuple(shape), depth))
            shape = tuple(model.output_shape[1:])
        self.shapes = shapes
        return model

    def deferred(self, shape, steps, depth):
        """A Sequential model without its input: inside another one, a config
        does not tell which of the two declared it, and Keras 3 names differ.
        Built twice: the first tells the shapes that the second needs."""
        state, names = self.pick.getstate(), self.names
        self.sequential(shape, steps, depth)
        shapes = self.shapes
        self.pick.setstate(state)
        self.names = names
        named = self.name("seq")
        return self.keras.Sequential(
            [self.layer((None,) + tuple(shape), depth) for shape in shapes],
            **named)

    def merge(self, tensor, tensors):
        same = [t for t in tensors if tuple(t.shape) == tuple(tensor.shape)
                and t is not tensor]
        if not same:
            return None
        other = self.pick.choice(same)
        kind = self.pick.choice(["Add", "Subtract", "Multiply", "Average",
                                 "Maximum", "Minimum", "Concatenate", "Dot"])
        if kind == "Dot":
            if len(tensor.shape) > 3:
                return None
            return self.layers.Dot(axes=-1)([tensor, other])
        if kind == "Concatenate":
            axis = self.pick.choice([-1, 1])
            return self.layers.Concatenate(axis=axis)([tensor, other])
        return getattr(self.layers, kind)()([tensor, other])

    def special(self, tensor, depth):
        """Layers over several tensors, or with several results."""
        if len(tensor.shape) != 3 or self.pick.random() > 0.3:
            return None
        layers, pick = self.layers, self.pick
        kind = pick.choice(["mha", "gqa", "attention", "additive", "state"])
        if kind == "mha":
            layer = layers.MultiHeadAttention(
                pick.randint(1, 3), pick.randint(2, 5),
                value_dim=pick.choice([None, 3]),
                use_bias=pick.random() < 0.7,
                output_shape=pick.choice([None, 5]), **self.name())
            return layer(tensor, tensor)
        if kind == "gqa":
            if not hasattr(layers, "GroupQueryAttention"):
                return None
            groups = pick.randint(1, 2)
            return layers.GroupQueryAttention(
                pick.randint(2, 4), groups * pick.randint(1, 2), groups,
                use_bias=pick.random() < 0.7, **self.name())(tensor, tensor)
        if kind == "attention":
            return layers.Attention(
                use_scale=pick.random() < 0.5,
                score_mode=pick.choice(["dot", "concat"]),
                **self.name())([tensor, tensor])
        if kind == "additive":
            return layers.AdditiveAttention(
                use_scale=pick.random() < 0.7, **self.name())([tensor, tensor])
        cell = pick.choice(["LSTM", "GRU", "SimpleRNN"])
        return getattr(layers, cell)(
            pick.randint(1, 5), return_state=True,
            return_sequences=pick.random() < 0.5, **self.name())(tensor)

    def operation(self, tensor):
        """No layer: of keras.ops, or an operator of Python."""
        rank = len(tensor.shape)
        if not is_keras3(self.keras) or self.pick.random() > 0.12:
            return None
        ops = self.keras.ops
        options = [lambda: tensor * 2.0 - 1.0,
                   lambda: ops.concatenate([tensor, tensor], axis=-1),
                   lambda: ops.expand_dims(tensor, 1),
                   lambda: ops.softmax(tensor)]
        if rank > 2:
            options += [lambda: tensor[:, 0],
                        lambda: tensor[..., :1],
                        lambda: ops.mean(tensor, axis=1),
                        lambda: ops.max(tensor, axis=-1, keepdims=True),
                        lambda: ops.swapaxes(tensor, 1, -1)]
        if None not in tensor.shape[1:]:
            options.append(lambda: ops.reshape(tensor, (-1, tensor.shape[-1])))
        return self.pick.choice(options)()

    def case(self, tensor):
        """One of the single layers and unusual arguments, if it fits."""
        cases = self.cases.get(len(tensor.shape), [])
        if not cases or self.pick.random() > 0.4:
            return None
        try:
            return self.pick.choice(cases)()(tensor)
        except Exception:  # made for another shape
            return None

    def layer(self, shape, depth):
        if depth < 2 and self.pick.random() < 0.12:
            make = self.pick.choice([self.functional, self.deferred])
            return make(tuple(shape[1:]), self.pick.randint(1, 3), depth + 1)
        family = {2: self.flat, 3: self.sequence, 4: self.image,
                  5: self.volume}.get(len(shape), self.elementwise)
        if self.pick.random() < 0.2:
            family = self.elementwise
        layer = family(shape, depth)
        if self.pick.random() < 0.1:
            layer.trainable = False
        return layer

    def common(self):
        pick = self.pick
        more = self.name()
        if pick.random() < 0.1:
            more["dtype"] = pick.choice(["mixed_float16", "float64",
                                         "mixed_bfloat16", "float16"])
        return more

    def biased(self):
        more = self.common()
        if self.pick.random() < 0.25:
            more["use_bias"] = False
        return more

    def elementwise(self, shape, depth):
        layers, pick = self.layers, self.pick
        axes = list(range(1, len(shape)))
        options = [
            lambda: layers.Dense(pick.randint(1, 9), **self.biased()),
            lambda: layers.Activation("relu", **self.name()),
            lambda: layers.Dropout(0.2, **self.name()),
            lambda: layers.GaussianNoise(0.1),
            lambda: layers.LeakyReLU(),
            lambda: layers.BatchNormalization(
                scale=pick.random() < 0.8, center=pick.random() < 0.8,
                **self.common()),
            lambda: layers.LayerNormalization(
                axis=pick.choice([-1, axes[-2:]]), center=pick.random() < 0.8,
                **self.common()),
            lambda: layers.PReLU(shared_axes=pick.choice([None, axes[:-1]])
                                 or None, **self.common()),
            lambda: layers.Normalization(**self.name()),
            lambda: layers.Flatten(**self.name()),
            lambda: layers.Rescaling(0.5),
            lambda: layers.UnitNormalization(),
            lambda: layers.ActivityRegularization(l2=0.1),
            lambda: layers.GroupNormalization(1, **self.common()),
        ]
        if hasattr(layers, "RMSNormalization"):
            options.append(lambda: layers.RMSNormalization(**self.common()))
        if is_keras3(self.keras):
            options.append(lambda: layers.SpectralNormalization(
                layers.Dense(pick.randint(1, 6), **self.biased())))
            options.append(lambda: layers.BatchNormalization(
                axis=1, **self.common()))
        return pick.choice(options)()

    def flat(self, shape, depth):
        layers, pick = self.layers, self.pick
        n = shape[-1]
        options = [
            lambda: layers.Dense(pick.randint(1, 9), **self.biased()),
            lambda: layers.EinsumDense("ab,bc->ac", pick.randint(1, 7),
                                       bias_axes=pick.choice([None, "c"]),
                                       **self.name()),
            lambda: layers.RepeatVector(pick.randint(2, 6)),
            lambda: layers.Reshape((n, 1)),
            lambda: layers.Reshape((-1, 1, n)),
            lambda: layers.Embedding(50, pick.randint(2, 6), **self.common()),
        ]
        return pick.choice(options)()

    def recurrent(self):
        layers, pick = self.layers, self.pick
        kind = pick.choice(["LSTM", "GRU", "SimpleRNN"])
        more = {}
        if kind == "GRU" and pick.random() < 0.4:
            more["reset_after"] = False
        return getattr(layers, kind)(
            pick.randint(1, 6), return_sequences=pick.random() < 0.5,
            dropout=pick.choice([0, 0.1]), **more, **self.biased())

    def cells(self):
        layers, pick = self.layers, self.pick
        made = [getattr(layers, pick.choice(
            ["LSTMCell", "GRUCell", "SimpleRNNCell"]))(
                pick.randint(1, 5), use_bias=pick.random() < 0.8)
                for _ in range(pick.randint(1, 3))]
        return made if len(made) > 1 else made[0]

    def sequence(self, shape, depth):
        layers, pick = self.layers, self.pick
        steps, n = shape[1], shape[2]
        size = pick.randint(1, min(3, steps or 1))
        pad = pick.choice(["valid", "same"])
        options = [
            self.recurrent, self.recurrent,
            lambda: layers.Bidirectional(
                self.recurrent(), merge_mode=pick.choice(
                    ["concat", "sum", "mul", "ave"]), **self.name("bi")),
            lambda: layers.RNN(self.cells(), return_sequences=pick.random()
                               < 0.5, **self.name("rnn")),
            lambda: layers.Bidirectional(
                layers.RNN(self.cells(), return_sequences=True)),
            lambda: layers.Conv1D(pick.randint(1, 6), size, padding=pick.choice(
                ["valid", "same", "causal"]), strides=pick.randint(1, 2),
                **self.biased()),
            lambda: layers.Conv1D(n, size, groups=n, **self.biased()),
            lambda: layers.Conv1D(2, size, dilation_rate=2, padding="same"),
            lambda: layers.Conv1DTranspose(
                pick.randint(1, 6), size, strides=pick.randint(1, 3),
                padding=pad, **self.biased()),
            lambda: layers.DepthwiseConv1D(
                size, depth_multiplier=pick.randint(1, 3), **self.biased()),
            lambda: layers.SeparableConv1D(
                pick.randint(1, 6), size, depth_multiplier=pick.randint(1, 2),
                **self.biased()),
            lambda: layers.MaxPooling1D(size, padding=pad),
            lambda: layers.AveragePooling1D(size),
            lambda: layers.GlobalMaxPooling1D(),
            lambda: layers.GlobalAveragePooling1D(keepdims=pick.random() < 0.3),
            lambda: layers.ZeroPadding1D((1, 2)),
            lambda: layers.UpSampling1D(2),
            lambda: layers.Permute((2, 1)),
            lambda: layers.TimeDistributed(
                layers.Dense(pick.randint(1, 5), **self.biased()),
                **self.name("td")),
            lambda: layers.TimeDistributed(layers.BatchNormalization()),
            lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 3),
                                       bias_axes=pick.choice([None, "de", "e"]),
                                       **self.name()),
            lambda: layers.EinsumDense("...x,xy->...y", 4, bias_axes="y"),
            lambda: layers.SpatialDropout1D(0.1),
        ]
        if steps and steps > 3:
            options.append(lambda: layers.Cropping1D((1, 1)))
        if hasattr(layers, "LocallyConnected1D") and steps and pad == "valid":
            options.append(lambda: layers.LocallyConnected1D(3, size))
        return pick.choice(options)()

    def image(self, shape, depth):
        layers, pick = self.layers, self.pick
        height, width, n = shape[1:]
        small = min(height or 1, width or 1)
        size = pick.randint(1, min(3, small))
        size = pick.choice([size, (size, 1)])
        pad = pick.choice(["valid", "same"])
        options = [
            lambda: layers.Conv2D(pick.randint(1, 6), size, padding=pad,
                                  strides=pick.randint(1, 2), **self.biased()),
            lambda: layers.Conv2D(n, size, groups=n, **self.biased()),
            lambda: layers.Conv2DTranspose(
                pick.randint(1, 5), size, strides=pick.randint(1, 2),
                padding=pad, **self.biased()),
            lambda: layers.DepthwiseConv2D(
                size, padding=pad, depth_multiplier=pick.randint(1, 3),
                **self.biased()),
            lambda: layers.SeparableConv2D(pick.randint(1, 6), size,
                                           padding=pad, **self.biased()),
            lambda: layers.MaxPooling2D(size, padding=pad),
            lambda: layers.AveragePooling2D(2, padding="same"),
            lambda: layers.GlobalAveragePooling2D(),
            lambda: layers.GlobalMaxPooling2D(keepdims=True),
            lambda: layers.ZeroPadding2D(pick.choice(
                [1, (1, 2), ((1, 0), (2, 1))])),
            lambda: layers.UpSampling2D(pick.choice([2, (1, 2)])),
            lambda: layers.Permute((3, 1, 2)),
            lambda: layers.Reshape((-1, n)),
            lambda: layers.Resizing(9, 7),
            lambda: layers.RandomFlip(),
            lambda: layers.RandomRotation(0.1),
            lambda: layers.TimeDistributed(layers.Conv1D(2, 1)),
            lambda: layers.TimeDistributed(self.recurrent()),
            lambda: layers.SpatialDropout2D(0.1),
            lambda: layers.ConvLSTM1D(
                pick.randint(1, 3), 2, padding="same",
                return_sequences=pick.random() < 0.5, **self.biased()),
        ]
        if small > 3:
            options.append(lambda: layers.Cropping2D(pick.choice(
                [1, (1, 1), ((1, 0), (0, 1))])))
            options.append(lambda: layers.CenterCrop(3, 3))
        if hasattr(layers, "LocallyConnected2D") and small > 1:
            options.append(lambda: layers.LocallyConnected2D(
                2, 2, implementation=pick.choice([1, 2])))
        return pick.choice(options)()

    def volume(self, shape, depth):
        layers, pick = self.layers, self.pick
        small = min(s or 1 for s in shape[1:4])
        size = pick.randint(1, min(3, small))
        options = [
            lambda: layers.Conv3D(pick.randint(1, 4), size, padding="same",
                                  strides=pick.randint(1, 2), **self.biased()),
            lambda: layers.Conv3D(pick.randint(1, 4), size, **self.biased()),
            lambda: layers.Conv3DTranspose(pick.randint(1, 4), size,
                                           strides=2, **self.biased()),
            lambda: layers.MaxPooling3D(2, padding="same"),
            lambda: layers.AveragePooling3D(size),
            lambda: layers.GlobalAveragePooling3D(),
            lambda: layers.ZeroPadding3D(1),
            lambda: layers.UpSampling3D(2),
            lambda: layers.ConvLSTM2D(
                pick.randint(1, 3), (2, 1), padding="same",
                return_sequences=pick.random() < 0.5, **self.biased()),
            lambda: layers.TimeDistributed(layers.Conv2D(2, 1)),
            lambda: layers.TimeDistributed(layers.GlobalMaxPooling2D()),
            lambda: layers.SpatialDropout3D(0.1),
        ]
        return pick.choice(options)()
