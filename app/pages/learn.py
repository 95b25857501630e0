"""Learn: what a shortcut does, in steps. Each step has one thing to change."""

from app.learn import inside, matters, normalising, shortcut, toy, words

words.opening()
shortcut.section()
normalising.section()
inside.section()
matters.section()
toy.section()
words.closing()
