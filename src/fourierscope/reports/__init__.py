"""REPORTED: results as one offline page, with what was found in words."""

from fourierscope.reports.pairings import pairings as pairings
from fourierscope.reports.report import report as report
from fourierscope.reports.report import told as told
from fourierscope.reports.sheets import Drawing as Drawing
from fourierscope.reports.sheets import Sheet as Sheet
from fourierscope.reports.sheets import Table as Table
