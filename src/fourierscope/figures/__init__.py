"""DRAWN: a picture chosen by the axes of a value, for paper (matplotlib) and for the page (plotly)."""

from fourierscope.figures.captions import uncaptioned as uncaptioned
from fourierscope.figures.panels import Panel as Panel
from fourierscope.figures.panels import draw_panels as draw_panels
from fourierscope.figures.paper import draw as draw
from fourierscope.figures.paper import draw_together as draw_together
from fourierscope.figures.paper import png as png
