"""Weight-change vector fields: is there an objective behind the plasticity?"""
