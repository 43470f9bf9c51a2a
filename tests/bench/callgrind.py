"""Reads callgrind's output: the instructions that each function spent itself."""

import collections
import os
import re

NAME = re.compile(r"\((\d+)\)(?: (.*))?")


def self_costs(path):
    """{function: instructions}. Names are written once and numbered from then on; the line behind a
    `calls=` is what the callee spent. What has no name counts for its library."""
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
