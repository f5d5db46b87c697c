"""Keras 3: functions and layers that train, and that saved models find again."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

if not os.environ.get("KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs keras, extra 'keras'")

import actlab  # noqa: E402
import actlab.keras as ak  # noqa: E402

# Keras converts tensors of torch in a way that NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32)


def network(*activations):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Input((4,))]
    for activation in activations:
        if isinstance(activation, keras.layers.Layer):
            layers.append(activation)
        else:
            layers.append(keras.layers.Dense(8, activation=activation))
    return keras.Sequential([*layers, keras.layers.Dense(1)])


def outputs(model) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(X))


@pytest.mark.parametrize("name", actlab.names())
def test_functions(name: str) -> None:
    function = getattr(ak, name)
    got = keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(X)))
    want = actlab.functional.call(name, torch.tensor(X)).numpy()
    np.testing.assert_array_max_ulp(got, want, 2)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(function)))
    assert keras.saving.deserialize_keras_object(config) is function
    assert keras.activations.deserialize(keras.activations.serialize(function)) is function
    layer = ak.Activation(name)
    again = ak.Activation.from_config(json.loads(json.dumps(layer.get_config())))
    assert again.parameters == actlab.get(name).defaults


def test_save_and_load(tmp_path) -> None:
    model = network(ak.powerlu, ak.ralu, ak.Activation("elu", alpha=0.5, name="named"), ak.mish)
    model.compile("sgd", "mse")
    model.fit(X, X.sum(1), epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(outputs(again), outputs(model))
    assert again.get_layer("named").parameters == {"alpha": 0.5}


def test_a_fresh_process_loads_it(tmp_path) -> None:
    model = network(ak.powerlu)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", X)
    script = (
        "import sys, numpy as np, keras, actlab.keras\n"
        "model = keras.saving.load_model(sys.argv[1] + '/model.keras')\n"
        "y = keras.ops.convert_to_numpy(model(np.load(sys.argv[1] + '/x.npy')))\n"
        "np.save(sys.argv[1] + '/y.npy', y)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), outputs(model), rtol=1e-6)


def test_it_learns() -> None:
    model = network(ak.powerlu, ak.elu)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    history = model.fit(X, X.sum(1), epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]


def test_functional_models() -> None:
    x = keras.Input((4,))
    model = keras.Model(x, ak.gelu(ak.Activation("powerlu", 3)(x)))
    again = keras.Model.from_config(model.get_config())
    want = actlab.functional.gelu(actlab.functional.powerlu(torch.tensor(X), 3.0)).numpy()
    np.testing.assert_array_max_ulp(outputs(again), want, 4)


def test_mixed_precision() -> None:
    layer = ak.Activation("powerlu", dtype="mixed_bfloat16")
    y = layer(X)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert layer.get_config()["dtype"]["config"]["name"] == "mixed_bfloat16"


@pytest.mark.parametrize("backend", ["jax", "numpy"])
def test_other_backends(backend: str) -> None:
    pytest.importorskip(backend, reason=f"needs {backend}")
    script = (
        "import numpy as np, keras, actlab.keras as ak\n"
        f"assert keras.backend.backend() == '{backend}'\n"
        "x = np.linspace(-3, 3, 12, dtype='float32').reshape(3, 4)\n"
        "i = keras.Input((4,))\n"
        "model = keras.Model(i, ak.Activation('elu', alpha=0.5)(ak.powerlu(i)))\n"
        "y = keras.ops.convert_to_numpy(model(x))\n"
        "np.testing.assert_allclose(y[2, 1:], x[2, 1:])\n"
        "assert y[0].tolist() == [0, 0, 0, 0]\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"activation": "elu", "alpha": -1.0}, ValueError, r"elu: alpha .* in \(0, inf\)"),
        ({"activation": "elu", "beta": 1.0}, TypeError, "elu has no parameter 'beta'"),
        ({"activation": "powerul"}, ValueError, "did you mean 'powerlu'"),
    ],
)
def test_what_is_refused(given, error, message) -> None:
    with pytest.raises(error, match=message):
        ak.Activation(**given)
