"""A grammar that generates English–German training pairs for what models learn badly from corpora.

It covers numbers, clock times, dates, units, letters, countries and everyday words. Each pair comes from a frame: an
English sentence and its German translation, with slots for the parts that vary. The grammar fills the slots with the
right German forms.

    frames/TOPIC.txt   the frames of a topic, one per line
    words/*.txt        nouns with gender and plural, adjectives, verbs
    slots.py           frames, and how their slots are filled
    drawing.py         how often each frame is drawn
    german.py, english.py, number_words.py, …   the grammar of the two languages
"""
