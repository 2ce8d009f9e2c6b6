"use strict";
(function () {
  // The map of a day: a digit per branch and place and the words of each instant were written with the page.
  document.querySelectorAll("[data-map]").forEach(function (figure) {
    var data = JSON.parse(figure.querySelector(".map-data").textContent);
    var slider = figure.querySelector("input[type=range]"), button = figure.querySelector(".clock button");
    var output = figure.querySelector("output"), timer = 0, last = data.times.length - 1;
    var panels = Array.prototype.map.call(figure.querySelectorAll("[data-arm]"), function (panel) {
      return {
        frames: data.arms[panel.dataset.arm], words: panel.querySelector(".words"), drawing: panel.querySelector("svg"),
        branches: panel.querySelectorAll("[data-b]"), dots: panel.querySelectorAll("[data-p]"), labels: panel.querySelectorAll("[data-l]"),
        name: panel.querySelector("b").textContent
      };
    });
    function show(at) {
      panels.forEach(function (panel) {
        var branches = panel.frames[0][at], places = panel.frames[1][at], labels = panel.frames[2][at];
        panel.branches.forEach(function (mark) { mark.setAttribute("class", mark.dataset.k + " b" + branches[mark.dataset.b]); });
        panel.dots.forEach(function (dot) {
          var digit = places[dot.dataset.p];
          dot.setAttribute("class", "dot v" + digit);
          dot.setAttribute("d", data.outlines[digit]);
        });
        panel.labels.forEach(function (label) { label.textContent = labels[label.dataset.l]; });
        panel.words.textContent = panel.frames[3][at];
        panel.drawing.setAttribute("aria-label", panel.name + " " + panel.frames[3][at]);
      });
      output.textContent = data.times[at];
      slider.setAttribute("aria-valuetext", data.times[at]);
    }
    function stop() {
      clearInterval(timer);
      timer = 0;
      button.textContent = button.dataset.play;
    }
    function step() {
      if (Number(slider.value) >= last) return stop();
      slider.value = Number(slider.value) + 1;
      show(Number(slider.value));
    }
    slider.addEventListener("input", function () { stop(); show(Number(slider.value)); });
    button.addEventListener("click", function () {
      if (timer) return stop();
      if (Number(slider.value) >= last) { slider.value = 0; show(0); }
      button.textContent = button.dataset.pause;
      timer = setInterval(step, 160);
    });
    window.addEventListener("beforeprint", function () { stop(); slider.value = data.start; show(data.start); });
    figure.querySelector(".clock").hidden = false;
  });
})();
