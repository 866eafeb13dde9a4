"""`python -m greeter NAME [LANGUAGE]`"""

import sys

from greeter import greet

if __name__ == "__main__":
    print(greet(*sys.argv[1:3]))
