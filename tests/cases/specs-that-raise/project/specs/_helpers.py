def checked(number):
    if number < 0:
        raise ValueError(f"{number} is not a number of replicas")
    return number
