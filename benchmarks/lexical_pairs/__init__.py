"""A grammar that writes English–German training pairs for what corpora teach badly.

Numbers, clock times, dates, units, letters, countries and everyday words. Each pair is a frame, an English sentence
with its German and slots for what varies, whose German forms are right by construction:

    frames/TOPIC.txt   the frames of a topic, one a line
    words/*.txt        nouns with gender and plural, adjectives, verbs
    slots.py           what a frame is, and how it is filled
    drawing.py         which frames are drawn, and how often
    german.py, english.py, number_words.py, …   the grammar of the two languages
"""
