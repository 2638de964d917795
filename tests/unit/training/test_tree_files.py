import numpy as np
import onnxruntime
from sklearn.ensemble import HistGradientBoostingClassifier

from training.tree_files import tree_model


def _trees() -> tuple[HistGradientBoostingClassifier, np.ndarray]:
    random = np.random.default_rng(3)
    numbers = random.normal(size=(1500, 4)).astype(np.float32)
    answers = (numbers[:, 0] > 0.2) ^ (numbers[:, 1] > 0)
    numbers[random.random(numbers.shape) < 0.15] = np.nan
    trees = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=8, random_state=0, early_stopping=False)
    return trees.fit(numbers, answers), numbers


def test_the_file_answers_as_the_trees_do_also_where_numbers_are_missing() -> None:
    trees, numbers = _trees()
    session = onnxruntime.InferenceSession(tree_model(trees, 4), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"evidence": numbers})
    assert np.abs(found[:, 0] - trees.predict_proba(numbers)[:, 1]).max() < 1e-3


def test_the_same_trees_give_the_same_bytes() -> None:
    assert tree_model(_trees()[0], 4) == tree_model(_trees()[0], 4)
