"""Numbers as text: 853,018 exact, 125.5 M short, 1 m 20 s for time."""

SCALES = ((1e9, 1e9, "G"), (1e5, 1e6, "M"), (1e3, 1e3, "k"))
"""(smallest number, divisor, prefix). The paper writes 0.27M and 0.85M, so millions begin at
100,000."""


def exact(number: int) -> str:
    """853,018."""
    return f"{number:,}"


def short(number: float) -> str:
    """125.5 M, 0.85 M, 4.06 k: three or four digits, decimal multiples."""
    for start, factor, prefix in SCALES:
        if number >= start:
            return f"{number / factor:.{1 if number >= 10 * factor else 2}f} {prefix}"
    return f"{number:g}"


def size(size_bytes: float) -> str:
    """7.5 MB: decimal multiples of a byte."""
    text = short(size_bytes)
    return f"{text}B" if text[-1].isalpha() else f"{text} B"


def percent(value: float) -> str:
    """6.97 %: two decimals, as errors are reported."""
    return f"{value:.2f} %"


def duration(duration_s: float) -> str:
    """45 s, 1 m 20 s, 3 h 05 m: two units at most."""
    seconds = max(0, round(duration_s))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return f"{hours} h {minutes:02d} m"
    return f"{minutes} m {seconds % 60:02d} s" if minutes else f"{seconds} s"


def shape(sides: tuple[int, ...]) -> str:
    """32×32×16."""
    return "×".join(map(str, sides))
