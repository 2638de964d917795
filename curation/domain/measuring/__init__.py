"""What is measured of photos and faces: values with reasons, how raw numbers become values, closed eyes."""
