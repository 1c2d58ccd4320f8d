"""Download full MNIST: ``python -m made_course.data``."""

import sys

from .mnist_download import download_mnist

if __name__ == "__main__":
    try:
        download_mnist()
    except OSError as error:
        sys.exit(str(error))
