"""From numbers to pages: every table, figure, card and report is drawn from `Estimate`s and `Verdict`s alone."""
