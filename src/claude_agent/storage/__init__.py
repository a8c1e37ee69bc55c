"""Floor 2: one SQL log, its projections and the doorbells."""
