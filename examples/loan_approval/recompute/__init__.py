"""A second opinion: numbers of every stage record, computed again without the pipeline's own code.

`python -m examples.loan_approval.recompute [FOLDER]` reads the records through mlspec, and
everything else from the files that the run left, with numpy, pandas, scipy, scikit-learn and
onnxruntime alone.
"""
