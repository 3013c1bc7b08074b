def clean(line):
    return strip(line).lower()


def strip(line):
    return line.strip()
