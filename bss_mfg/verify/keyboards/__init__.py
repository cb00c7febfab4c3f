"""What a keyboard-wedge scanner's text becomes when the computer's keyboard is not set to US English.

A wedge scanner presses the keys that a US keyboard has for its characters; the computer reads them by its own layout,
caps lock and input method. A scanned text is never repaired: what is set wrongly is named, so that somebody sets it
right.
"""
