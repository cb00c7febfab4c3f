"""Looking at labels before anything is printed: pictures, and a page that follows the template's file."""
