from tools.text import clean


def run(lines):
    return [clean(line) for line in lines if keep(line)]


def keep(line):
    return len(line) > 0
