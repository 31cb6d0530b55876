"""The forms that FER2013 comes in: a table, folders of pictures, an archive of either."""
