"""``python -m made_course.data`` downloads all of MNIST."""

import sys

from .mnist_download import download_mnist

if __name__ == "__main__":
    try:
        download_mnist()
    except OSError as error:
        sys.exit(str(error))
