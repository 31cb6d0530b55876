# `make run` shows emotions, `make test` tests everything; both build what they need first.
PYTHON ?= python3
SEED ?= 1
EDGE := .venv-edge/bin/python
TRAIN := .venv-train/bin/python
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# picamera2 comes from apt alone, so the environment must see apt's packages where it is there.
SITE_PACKAGES := $(shell cd / && $(PYTHON) -c 'import picamera2' 2>/dev/null && echo --system-site-packages)

# Another environment once picamera2 is there, which an older one does not see.
EDGE_READY := .venv-edge/ready$(if $(SITE_PACKAGES),-picamera2)

.PHONY: help run test test-edge test-train test-arm64 test-systemd pi-cost edge-env train-env lint bundle chaos fleet clean

help:
	@echo 'make run          emotions from the camera, else from the demo; prints the address of the live page'
	@echo 'make test         lint, test-edge and test-train: all that needs neither root nor an emulator'
	@echo 'make test-edge    the tests of edge/, its page and its service, without TensorFlow'
	@echo 'make test-train   the tests of train/ and convert/, and of cameras and vision under a newer OpenCV'
	@echo 'make test-arm64   the tests of edge/ on aarch64 wheels, emulated (on Debian; slow)'
	@echo 'make test-systemd the tests of systemd/, also on booted Debian containers (root, debootstrap, systemd-container)'
	@echo 'make lint         style and types: ruff and mypy'
	@echo 'make pi-cost      instructions that a Pi executes for a frame and a face, emulated (qemu-system-arm, cpio; minutes)'
	@echo 'make chaos        the daemon under SIGKILL, bad cameras, a full disk and damage, for minutes; SEED=2 for others'
	@echo 'make fleet        500 simulated devices on a real hub for ten minutes (mosquitto, postgresql)'
	@echo 'make edge-env     .venv-edge: what the daemon and the live page need, from their locks'
	@echo 'make train-env    .venv-train, from requirements-train.txt'
	@echo 'make bundle       the archive for the Pi, in dist/'
	@echo 'make clean        remove environments and caches'
	@echo 'make help         this list'

run: edge-env
	$(EDGE) -m edge run --page

test: lint test-edge test-train

test-edge: .venv-edge/tests-ready
	$(EDGE) -m pytest -n 2 --dist loadfile tests/edge tests/browser tests/systemd tests/hub tests/test_*.py --ignore tests/systemd/booted

# Cameras, files and detection also under this environment's OpenCV 4.14, which Pi OS Trixie has; .venv-edge has 4.11.
UNDER_NEW_OPENCV := tests/edge/cameras tests/edge/vision tests/edge/commands/test_analyze.py

test-train: .venv-train/tests-ready
	$(TRAIN) -m pytest -n 2 --dist loadfile tests/train tests/convert $(UNDER_NEW_OPENCV)

# Bookworm's Python 3.11 and Trixie's 3.13; FER2013_CSV=fer2013.csv takes the 500 faces from there.
test-arm64: .venv-edge/tests-ready
	$(EDGE) -m tests.pi

pi-cost: .venv-edge/tests-ready
	$(EDGE) -m tests.pi.cost

test-systemd: .venv-edge/tests-ready
	$(EDGE) -m pytest -v tests/systemd

lint: .venv-edge/tests-ready
	$(EDGE) -m ruff check .
	$(EDGE) -m ruff format --check .
	$(EDGE) -m mypy

chaos: .venv-edge/tests-ready
	$(EDGE) -m tests.chaos --seed $(SEED)

fleet: .venv-edge/tests-ready
	$(EDGE) -m tests.fleet --devices 500 --minutes 10

bundle: edge-env
	$(EDGE) -m convert bundle --out dist

edge-env: $(EDGE_READY)
train-env: .venv-train/ready

$(EDGE_READY): requirements-edge.txt edge/requirements-gateway.txt $(wildcard edge/locks/*.txt) edge/locks/install.py
	@echo 'Building .venv-edge, this once; about a minute, several on a Pi ...'
	$(PYTHON) -m venv --clear $(SITE_PACKAGES) .venv-edge
	$(EDGE) edge/locks/install.py $(if $(SITE_PACKAGES),--keep-numpy)
	$(EDGE) edge/locks/install.py --gateway
	touch $@

.venv-train/ready: requirements-train.txt
	@echo 'Building .venv-train with TensorFlow, this once; some minutes, 3 GB ...'
	$(PYTHON) -m venv .venv-train
	$(TRAIN) $(PIP_INSTALL) -r requirements-train.txt
	touch $@

.venv-edge/tests-ready: $(EDGE_READY) edge/requirements-report.txt edge/requirements-heif.txt edge/requirements-gateway.txt tests/requirements-edge.txt tests/requirements.txt
	$(EDGE) $(PIP_INSTALL) -r tests/requirements-edge.txt
	touch $@

.venv-train/tests-ready: .venv-train/ready tests/requirements-train.txt tests/requirements.txt
	$(TRAIN) $(PIP_INSTALL) -r tests/requirements-train.txt
	touch $@

clean:
	rm -rf .venv-edge .venv-train .cache .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
