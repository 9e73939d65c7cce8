"""The main job: a loan model from objectives to monitoring, on real mortgage applications.

`python -m examples.loan_approval` runs it. Each of the thirteen stages is a module of its own,
named after what it does, and reads from top to bottom; `__main__` puts them in order.
"""
