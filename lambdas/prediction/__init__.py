"""How long a job runs on some workers: samples of its run time, from its past runs and what is known beforehand."""

from lambdas.prediction.forecast import Forecast, forecast
from lambdas.prediction.runs import PastRun, Workers

__all__ = ["Forecast", "PastRun", "Workers", "forecast"]
