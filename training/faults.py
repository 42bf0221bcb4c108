"""What cameras, software and people do to pictures, opinions and masks."""

import cv2
import numpy as np


def photograph(rgb, rng):
    """Exposure, contrast, tint, gray, blur, noise and JPEG, each sometimes."""
    picture = rgb.astype(np.float32)
    if rng.random() < 0.5:
        picture = 255 * (picture / 255) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.4:
        picture = (picture - 128) * rng.uniform(0.6, 1.2) + 128 + rng.uniform(-25, 25)
    if rng.random() < 0.4:
        picture = picture * np.array([rng.uniform(0.9, 1.1) for _ in range(3)])
    if rng.random() < 0.15:
        picture = np.repeat(picture.mean(-1, keepdims=True), 3, -1)
    if rng.random() < 0.06:
        picture = picture * rng.uniform(0.25, 0.6)
    if rng.random() < 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.4:
        picture = picture + np.random.normal(0, rng.uniform(1, 8), picture.shape)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(55, 95)])[1], 1)
    return picture


def add_distractors(rgb, rng):
    """Boxes and lit areas, which networks take for things."""
    if rng.random() < 0.6:
        return rgb
    picture = rgb.astype(np.float32)
    height, width = picture.shape[:2]
    for _ in range(rng.randint(1, 3)):
        mask = np.zeros((height, width), np.float32)
        x, y = rng.randint(0, width), rng.randint(0, height)
        w, h = rng.randint(width // 12, width // 3), rng.randint(height // 12, height // 3)
        if rng.random() < 0.6:
            shape = cv2.boxPoints(((x, y), (w, h), rng.uniform(-30, 30) if rng.random() < 0.5 else 0))
            cv2.fillPoly(mask, [shape.astype(np.int32)], 1)
            color = np.array([rng.uniform(0, 255) for _ in range(3)], np.float32)
            shade = np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1), height)[:, None, None]
            picture = picture * (1 - mask[..., None]) + mask[..., None] * np.clip(color * shade, 0, 255)
        else:
            cv2.ellipse(mask, (x, y), (w, h), 0, 0, 360, 1, -1)
            light = cv2.GaussianBlur(mask, (0, 0), rng.uniform(5, 60))[..., None]
            picture = picture * (1 + light * rng.uniform(0.2, 0.9))
    return np.clip(picture, 0, 255).astype(np.uint8)


def add_strands(alpha, front, rng):
    """Loose hairs on the upper outline, with the color of where they grow."""
    height, width = alpha.shape
    solid = (alpha > 0.9).astype(np.uint8)
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return alpha, front
    outline = max(contours, key=len)[:, 0].astype(np.float32)
    top = outline[:, 1].min()
    outline = outline[outline[:, 1] < top + 0.4 * (height - top)]
    if len(outline) < 50:
        return alpha, front
    center = outline.mean(0)
    alpha, front = alpha.copy(), front.copy()
    first = rng.randrange(len(outline))
    span = rng.randint(20, len(outline))
    for _ in range(rng.randint(15, 160)):
        root = outline[(first + rng.randrange(span)) % len(outline)]
        away = root - center
        away = away / (np.linalg.norm(away) + 1e-3)
        turn = rng.uniform(-1.2, 1.2)
        away = np.array([away[0] * np.cos(turn) - away[1] * np.sin(turn), away[0] * np.sin(turn) + away[1] * np.cos(turn)])
        length, bend = rng.uniform(10, 90), np.array([rng.gauss(0, 15), rng.gauss(8, 15)])
        steps = np.linspace(-0.1, 1, 14)[:, None]
        line = np.round((root + steps * length * away + steps**2 * bend) * 16).astype(np.int32)
        x, y = np.clip(np.round(root - 3 * away), 0, [width - 1, height - 1]).astype(int)
        strand = np.zeros((height, width), np.uint8)
        cv2.polylines(strand, [line[:, None]], False, rng.randint(90, 240), 1, cv2.LINE_AA, 4)
        left, upper, w, h = cv2.boundingRect(strand)
        if w == 0:
            continue
        box = (slice(upper, upper + h), slice(left, left + w))
        cover = strand[box].astype(np.float32) / 255
        united = alpha[box] + cover * (1 - alpha[box])
        share = (cover * (1 - alpha[box]) / np.maximum(united, 1e-3))[..., None]
        front[box] = front[box] * (1 - share) + front[y, x] * share
        alpha[box] = united
    return alpha, front


def coarsen(alpha, rng, radius):
    """A mask as a person or a quick selection makes it, from the true one: `radius` pixels of error. 0..1 float32."""
    mask = (alpha > rng.uniform(0.15, 0.85)).astype(np.float32)
    side = max(1, round(radius * rng.uniform(0.3, 1.4)))
    kernel = cv2.getStructuringElement(rng.choice([cv2.MORPH_ELLIPSE, cv2.MORPH_RECT]), (2 * side + 1, 2 * side + 1))
    way = rng.random()
    if way < 0.3:
        mask = cv2.erode(mask, kernel)
    elif way < 0.6:
        mask = cv2.dilate(mask, kernel)
    elif way < 0.75:
        mask = cv2.morphologyEx(mask, rng.choice([cv2.MORPH_OPEN, cv2.MORPH_CLOSE]), kernel)
    if rng.random() < 0.4:
        move = np.float32([[1, 0, rng.uniform(-radius, radius)], [0, 1, rng.uniform(-radius, radius)]])
        mask = cv2.warpAffine(mask, move, mask.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.3:
        mask = cut_corners(mask, rng, radius)
    if rng.random() < 0.6:
        mask = cv2.GaussianBlur(mask, (0, 0), max(0.3, radius * rng.uniform(0.1, 0.8)))
    return mask


def cut_corners(mask, rng, radius):
    """The outline as a polygon, as a lasso draws it."""
    contours, _ = cv2.findContours((mask > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    out = np.zeros(mask.shape, np.float32)
    drawn = [cv2.approxPolyDP(contour, radius * rng.uniform(0.5, 1.5), True) for contour in contours if len(contour) > 20]
    cv2.drawContours(out, drawn, -1, 1, -1)
    return out
