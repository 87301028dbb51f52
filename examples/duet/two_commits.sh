#!/bin/sh
# A repository with two commits of the server: in the second one, orders take half as long again.
set -e
mkdir shop
cp server.py perfspec.yaml shop
cd shop
git init --quiet --initial-branch=main
git config user.name Ada
git config user.email ada@example.com
echo .perfspec > .gitignore
git add .
git commit --quiet --message "A shop"
git checkout --quiet -b change
sed -i.old 's|"/orders": 0.030|"/orders": 0.045|' server.py
rm server.py.old
git commit --quiet --all --message "Orders are checked twice"
