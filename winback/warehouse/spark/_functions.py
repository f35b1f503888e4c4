"""Functions that a Spark session is given: what DuckDB means where Spark means another thing."""

from __future__ import annotations

from typing import Final

# An hour that a zone's clock shows twice is its second one in DuckDB (ICU), its first one in Java.
# A day later the clock has its new offset. Where the second hour would show the same clock, it is
# the one.
_EARLIER: Final = "convert_timezone(zone, 'UTC', clock)"
_LATER: Final = (
    f"({_EARLIER} + (clock - (convert_timezone('UTC', zone, {_EARLIER} + interval '1' day)"
    " - interval '1' day)))"
)

FUNCTIONS: Final = (
    """
    create or replace temporary function wb_to_local(moment timestamp, zone string)
    returns timestamp_ntz
    return convert_timezone('UTC', zone, cast(moment as timestamp_ntz))
    """,
    f"""
    create or replace temporary function wb_from_local(clock timestamp_ntz, zone string)
    returns timestamp
    return cast(
        case
            when convert_timezone('UTC', zone, {_LATER}) = clock then {_LATER}
            else {_EARLIER}
        end as timestamp
    )
    """,
    # A logarithm of nothing stops DuckDB; Spark's own is null.
    """
    create or replace temporary function wb_ln(number double)
    returns double
    return case
        when number <= 0 then cast(raise_error('cannot take logarithm of zero or less') as double)
        else ln(number)
    end
    """,
    # Beyond these Java writes a number otherwise than DuckDB does.
    """
    create or replace temporary function wb_double_text(number double)
    returns string
    return case
        when number = 0 or (abs(number) >= 0.001 and abs(number) < 10000000)
            then cast(number as string)
        when number is not null
            then raise_error('a number so small or large has no common text')
    end
    """,
)
