@"%~dp0runtime\python.exe" -I -S -B "%~dp0runtime\start.py" %*
