"""The schemas of ages, sexes and ethnicities, as `curation.domain.attributes.image_document` writes them."""

from __future__ import annotations

from curation.domain.json_schema import BOOLEAN, NUMBER, SHARE, TEXT, Schema, listed, record, said

__all__ = ["age_schema", "classes_schema"]


def age_schema() -> Schema:
    """Of an apparent age."""
    return record(
        years=said(NUMBER, "the best single number"),
        low=said(NUMBER, "lower end of the range that holds four of five true ages"),
        high=said(NUMBER, "its upper end"),
        certainty=said(
            SHARE, "how likely the true age is within ten years; 0 if nothing was measured for these weights"
        ),
        is_known=said(BOOLEAN, 'whether the value may be used; false is "cannot tell"'),
        ages=said(listed(NUMBER), "the ages to which `distribution` belongs"),
        distribution=said(listed(SHARE), "probability of each"),
        reader=said(TEXT, "name of the reader"),
    )


def classes_schema() -> Schema:
    """Of a sex or another attribute with classes."""
    return record(
        answer=said({"type": ["string", "null"]}, 'the most likely class; null is "cannot tell"'),
        certainty=said(SHARE, "how likely the most likely class is the right one"),
        classes=said(listed(TEXT), "names of the classes; for sex `female` and `male`"),
        distribution=said(listed(SHARE), "probability of each"),
        reader=said(TEXT, "name of the reader"),
    )
