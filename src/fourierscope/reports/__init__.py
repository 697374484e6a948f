"""REPORTED: results as one offline page, with what was found in words."""

from fourierscope.reports.report import report as report
from fourierscope.reports.report import told as told
