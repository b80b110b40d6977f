# environments: tensorflow tensorflow-2.15 keras-3.0
"""The layout derived from a Keras config against the live model.

Builds models with the installed Keras, hands `model.to_json()` to ckptdiff and
compares what it lists with `model.weights`: name, shape, dtype, trainability,
order. Run inside an environment that has Keras:

    CKPTDIFF=build/release/ckptdiff python keras_config.py [--keras keras]
        [--only applications|composed|layers|random] [--random 300] [--seed 1]
        [--cache DIR] [--infer]

`--keras` is the module: keras (2 or 3) or tf_keras; by default, all that are
there. `--cache` keeps configs and live layouts, so that a second run builds
nothing: the applications take an hour. Written for Keras 3.0 to 3.15 and tf-keras 2.15 to 2.21.
"""

import argparse
import importlib
import importlib.util
import json
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras_layer_cases  # noqa: E402
import keras_models  # noqa: E402
from judging import inspect  # noqa: E402


def live_layout(keras, model):
    """[(name, shape, dtype, trainable)] as the model itself tells it."""
    trainable = {id(v) for v in model.trainable_variables}
    rows = []
    for v in model.weights:
        name = v.path if keras_models.is_keras3(keras) else v.name
        name = name[:-2] if name.endswith(":0") else name
        dtype = getattr(v.dtype, "name", None) or str(v.dtype)
        rows.append([name, list(v.shape), dtype, id(v) in trainable])
    return rows


def derived_layout(path):
    document, error = inspect(path)
    if document is None:
        return None, error
    rows = [[v["name"], v["shape"], v["dtype"], v.get("trainable")]
            for v in document["variables"] if v["role"] == "weight"]
    return rows, ""


def without_shapes(value):
    """The config without what it says of shapes between the layers, as old
    versions wrote it: they must be inferred."""
    if isinstance(value, list):
        return [without_shapes(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__keras_tensor__":
        return {**value, "config": {"keras_history":
                                    value["config"]["keras_history"]}}
    return {key: without_shapes(item) for key, item in value.items()
            if key != "build_config"}


def describe(keras, make, cached):
    """(config, live layout), from the cache where it is there."""
    if cached and os.path.exists(cached):
        with open(cached) as file:
            return json.load(file)
    model = make()
    described = [model.to_json(), live_layout(keras, model)]
    if cached:
        with open(cached, "w") as file:
            json.dump(described, file)
    return described


def check(label, text, live, args):
    """True where the layouts are equal; else prints the first difference."""
    if args.infer:
        text = json.dumps(without_shapes(json.loads(text)))
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as out:
        out.write(text)
    derived, error = derived_layout(out.name)
    if derived == live:
        os.unlink(out.name)
        return True
    print(f"DIFFERS {label}")
    if derived is None:
        print("   ", error)
    else:
        rows = max(len(live), len(derived))
        for i in range(rows):
            a = live[i] if i < len(live) else None
            b = derived[i] if i < len(derived) else None
            if a != b:
                print(f"    variable {i}: live {a}, derived {b}")
                break
    if args.keep:
        print("    config kept:", out.name)
    else:
        os.unlink(out.name)
    return False


def check_group(keras, group, models, args):
    """The number of models that differ and should not."""
    right = total = open_ = 0
    for i, (label, make) in enumerate(models):
        if group == "random" and total == args.random:
            break
        keras.backend.clear_session()
        seed = f"-{args.seed}" if group == "random" else ""
        cached = args.cache and os.path.join(
            args.cache, f"{keras.__name__}-{keras.__version__}-{group}{seed}"
                        f"-{i}.json")
        try:
            text, live = describe(keras, make, cached)
        except Exception as why:  # this Keras cannot build it
            if group not in ("random", "layers"):
                print(f"skipped {label}: {type(why).__name__}: "
                      f"{str(why)[:100]}")
            continue
        if label in keras_layer_cases.UNDECIDABLE:
            open_ += 1
            continue
        total += 1
        right += check(f"{group} {label}", text, live, args)
    print(f"{keras.__name__} {keras.__version__} {group}: {right} of {total} "
          f"equal, {open_} that no config tells", flush=True)
    return total - right


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--random", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true",
                        help="keep the configs that differ")
    parser.add_argument("--infer", action="store_true",
                        help="leave the shapes between layers out first")
    parser.add_argument("--cache", default="",
                        help="a directory for configs and live layouts")
    args = parser.parse_args()
    if args.cache:
        os.makedirs(args.cache, exist_ok=True)
    if args.quick:
        args.random = 10
    names = [args.keras] if args.keras else [
        name for name in ("keras", "tf_keras") if importlib.util.find_spec(name)]
    failed = 0
    for name in names:
        keras = importlib.import_module(name)
        groups = {
            "applications": keras_models.applications(keras),
            "composed": keras_models.composed(keras),
            "layers": keras_layer_cases.layer_cases(keras),
            "random": keras_models.random_models(keras, args.random, args.seed),
        }
        for group, models in groups.items():
            if args.only and args.only != group:
                continue
            if args.quick and group == "applications":
                models = models[:2]
            if args.quick and group == "layers":
                models = models[::20]
            failed += check_group(keras, group, models, args)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
