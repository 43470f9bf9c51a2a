"""Reads callgrind's output: each function's own instructions."""

import collections
import os
import re

NAME = re.compile(r"\((\d+)\)(?: (.*))?")


def self_costs(path):
    """{function: instructions}. The file has each name once, and later only its number. The line behind a `calls=` has
    the callee's cost. Functions without a name count for their library."""
    names, objects, costs = {}, {}, collections.Counter()
    library, function, skip = "", None, False
    with open(path) as file:
        for line in file:
            if line.startswith(("ob=", "cob=")):
                number, name = NAME.match(line.partition("=")[2].strip()).groups()
                objects.setdefault(number, name)
                if line.startswith("ob="):
                    library = os.path.basename(objects[number])
            elif line.startswith(("fn=", "cfn=")):
                number, name = NAME.match(line.partition("=")[2].strip()).groups()
                names.setdefault(number, name)
                if line.startswith("fn="):
                    function = names[number]
                    if function.startswith("0x"):
                        function = f"in {library}"
            elif line.startswith("calls="):
                skip = True
            elif function and line[0] in "0123456789+-*":
                if not skip:
                    costs[function] += int(line.split()[1])
                skip = False
    return costs
