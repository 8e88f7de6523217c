class Circle:
    def __init__(self, width, height, depth):
        self.width = width
        self.height = height
        self.depth = depth

    def area(self):
        return 2 * self.width * self.height


class Square:
    def __init__(self, width, height, depth):
        self.width = width
        self.height = height
        self.depth = depth

    def area(self):
        return 4 * self.width * self.height


class Triangle:
    def __init__(self, width, height, depth):
        self.width = width
        self.height = height
        self.depth = depth

    def area(self):
        return 6 * self.width * self.height


class Cube:
    def __init__(self, width, height, depth):
        self.width = width
        self.height = height
        self.depth = depth

    def area(self):
        return 8 * self.width * self.height


class Pyramid:
