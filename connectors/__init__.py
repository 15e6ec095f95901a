"""The edges: where events come from and where results go.

A new source, decoder or sink is one file here and one line in its table below.
"""
