"""``python -P -m made_course.exercises grade FOLDER``."""

from .grading.command import main

if __name__ == "__main__":
    main()
