"""Learn: what a shortcut does, step by step, each with one thing to change."""

from app.learn import inside, matters, normalising, shortcut, toy, words

words.opening()
shortcut.section()
normalising.section()
inside.section()
matters.section()
toy.section()
words.closing()
