"""Human review: a page to rate texts blind, the decisions it gives back, and how far raters agree."""
