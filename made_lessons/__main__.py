"""Run the commands for instructors, such as ``python -P -m made_lessons grade FOLDER``."""

from .grading.command import main

if __name__ == "__main__":
    main()
