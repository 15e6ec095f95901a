"""An hour at full rate, among scrapes, connections, hostile records and reloads: what grows?"""
