"""A dead device must not hold a place that a living one needs."""

from __future__ import annotations

import asyncio

from collector.places import Places


async def hold(places: Places, for_s: float, *, slow: bool = False) -> float:
    """Takes a place for a while; returns how long it waited for it."""
    loop = asyncio.get_running_loop()
    asked_s = loop.time()
    async with places.place(slow=slow):
        waited_s = loop.time() - asked_s
        await asyncio.sleep(for_s)
    return waited_s


async def test_who_takes_long_gives_its_quick_place_back() -> None:
    places = Places(quick=2, slow=100, yield_after_s=0.05)
    dead = [asyncio.create_task(hold(places, 30.0)) for _ in range(20)]
    await asyncio.sleep(0)
    # Twenty dead ones pass through two places, 0.05 s each pair; without yielding it would be minutes.
    waited_s = await asyncio.wait_for(hold(places, 0.0), timeout=10.0)
    assert waited_s < 5.0
    assert places.counters.slow >= 18
    assert places.counters.yielded >= 18
    for task in dead:
        task.cancel()
    await asyncio.gather(*dead, return_exceptions=True)
    assert (places.counters.quick, places.counters.slow) == (0, 0)


async def test_who_is_known_dumb_takes_no_quick_place_at_all() -> None:
    places = Places(quick=1, slow=100, yield_after_s=30.0)
    dead = [asyncio.create_task(hold(places, 30.0, slow=True)) for _ in range(50)]
    await asyncio.sleep(0)
    assert places.counters.slow == 50
    assert await asyncio.wait_for(hold(places, 0.0), timeout=5.0) < 1.0
    for task in dead:
        task.cancel()
    await asyncio.gather(*dead, return_exceptions=True)
    assert (places.counters.quick, places.counters.slow) == (0, 0)


async def test_the_number_in_flight_is_bounded_even_when_all_are_dead() -> None:
    places = Places(quick=2, slow=3, yield_after_s=0.01)
    dead = [asyncio.create_task(hold(places, 30.0)) for _ in range(20)]
    await asyncio.sleep(0.3)
    assert (places.counters.quick, places.counters.slow) == (2, 3)
    for task in dead:
        task.cancel()
    await asyncio.gather(*dead, return_exceptions=True)
    assert (places.counters.quick, places.counters.slow) == (0, 0)


async def test_places_come_back_after_errors() -> None:
    places = Places(quick=1, slow=1, yield_after_s=0.01)
    for slow in (False, True, False):
        try:
            async with places.place(slow=slow):
                await asyncio.sleep(0.03)
                raise RuntimeError
        except RuntimeError:
            pass
    assert (places.counters.quick, places.counters.slow) == (0, 0)
    assert await asyncio.wait_for(hold(places, 0.0), timeout=5.0) < 1.0
