"""Boosted trees of scikit-learn as a small ONNX model, without scikit-learn's pickles."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

__all__ = ["tree_model"]

_DIGITS = 5  # of the leaves' values


def tree_model(trees: Any, features: int) -> bytes:
    """The bytes of a model that gives the probability of the second class.

    Args:
        trees: A fitted `HistGradientBoostingClassifier` of two classes on numbers.
        features: How many numbers each row has; NaN stands for a missing one.

    Returns:
        A model with the input `evidence` (N, features) float32 and the output `probability` (N, 1) float32.
    """
    columns: dict[str, Any] = {
        name: []
        for name in (
            "nodes_treeids",
            "nodes_nodeids",
            "nodes_featureids",
            "nodes_values",
            "nodes_modes",
            "nodes_truenodeids",
            "nodes_falsenodeids",
            "nodes_missing_value_tracks_true",
            "target_treeids",
            "target_nodeids",
            "target_ids",
            "target_weights",
        )
    }
    for tree, (predictor,) in enumerate(trees._predictors):
        for number, node in enumerate(predictor.nodes):
            is_leaf = bool(node["is_leaf"])
            columns["nodes_treeids"].append(tree)
            columns["nodes_nodeids"].append(number)
            columns["nodes_featureids"].append(0 if is_leaf else int(node["feature_idx"]))
            columns["nodes_values"].append(0.0 if is_leaf else float(np.float32(node["num_threshold"])))
            columns["nodes_modes"].append("LEAF" if is_leaf else "BRANCH_LEQ")
            columns["nodes_truenodeids"].append(0 if is_leaf else int(node["left"]))
            columns["nodes_falsenodeids"].append(0 if is_leaf else int(node["right"]))
            columns["nodes_missing_value_tracks_true"].append(int(not is_leaf and bool(node["missing_go_to_left"])))
            if is_leaf:
                columns["target_treeids"].append(tree)
                columns["target_nodeids"].append(number)
                columns["target_ids"].append(0)
                columns["target_weights"].append(round(float(node["value"]), _DIGITS))
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["evidence"],
        ["score"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[float(np.ravel(trees._baseline_prediction)[0])],
        post_transform="NONE",
        **columns,
    )
    graph = helper.make_graph(
        [ensemble, helper.make_node("Sigmoid", ["score"], ["probability"])],
        "boosted trees",
        [helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["n", features])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="curation")
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
