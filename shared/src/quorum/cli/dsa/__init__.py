"""`quorum dsa`: what the EU's Digital Services Act asks sites to hand in and to publish."""
