# environments: tensorflow tensorflow-2.15 keras-3.0
"""The layout derived from a Keras config against the live model.

Builds models with the installed Keras, hands `model.to_json()` to ckptdiff and
compares what it lists with `model.weights`: name, shape, dtype, trainability,
order. Run inside an environment that has Keras:

    CKPTDIFF=build/release/ckptdiff python keras_config.py [--keras keras]
        [--only applications|composed|random] [--random 300] [--seed 1] [--infer]

`--keras` is the module: keras (2 or 3) or tf_keras; by default, all that are
there. Written for Keras 3.0 to 3.15 and tf-keras 2.15 to 2.21.
"""

import argparse
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras_models  # noqa: E402


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


def derived_layout(ckptdiff, path):
    run = subprocess.run([ckptdiff, "inspect", "--format", "json", path],
                         capture_output=True, text=True)
    if run.returncode != 0:
        return None, run.stderr.strip()
    document = json.loads(run.stdout)
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


def check(keras, ckptdiff, label, model, keep, infer):
    """True where the layouts are equal; else prints the first difference."""
    text = model.to_json()
    if infer:
        text = json.dumps(without_shapes(json.loads(text)))
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as out:
        out.write(text)
    live = live_layout(keras, model)
    derived, error = derived_layout(ckptdiff, out.name)
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
    if keep:
        print("    config kept:", out.name)
    else:
        os.unlink(out.name)
    return False


def check_group(keras, group, models, args):
    """The number of models that differ."""
    right = total = 0
    for label, make in models:
        if group == "random" and total == args.random:
            break
        keras.backend.clear_session()
        try:
            model = make()
        except Exception as why:  # this Keras cannot build it
            if group != "random":
                print(f"skipped {label}: {type(why).__name__}: "
                      f"{str(why)[:100]}")
            continue
        total += 1
        right += check(keras, os.environ["CKPTDIFF"], f"{group} {label}",
                       model, args.keep, args.infer)
    print(f"{keras.__name__} {group}: {right} of {total} equal", flush=True)
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
    args = parser.parse_args()
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
            "random": keras_models.random_models(keras, args.random, args.seed),
        }
        for group, models in groups.items():
            if args.only and args.only != group:
                continue
            if args.quick and group == "applications":
                models = models[:2]
            failed += check_group(keras, group, models, args)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
