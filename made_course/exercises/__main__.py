"""``python -m made_course.exercises grade FOLDER``."""

from .grading import main

if __name__ == "__main__":
    main()
