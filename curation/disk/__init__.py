"""What every room that writes files needs: temporary names, and who may read what is made."""
