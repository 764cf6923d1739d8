using System.Globalization;

namespace Merpati.Protocols.Imap;

/// <summary>Dates as IMAP writes them (RFC 3501 §9 date, date-time).</summary>
internal static class ImapDate
{
    private static readonly string[] Months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    /// <summary><c>1-Feb-1994</c>, day with one digit or two.</summary>
    public static bool TryParseDate(string text, out DateOnly date)
    {
        date = default;
        var fields = text.Split('-');
        return fields.Length == 3
            && fields[0].Length is 1 or 2
            && TryDate(fields[0], fields[1], fields[2], out date);
    }

    /// <summary><c>17-Jul-1996 02:44:25 -0700</c>; a day below ten has a space before it, and a lone digit is taken too.</summary>
    public static bool TryParseDateTime(string text, out DateTimeOffset moment)
    {
        moment = default;
        var fields = text.TrimStart(' ').Split(' ');
        if (fields.Length != 3 || !TryParseDate(fields[0], out var date)) return false;
        if (!TimeOnly.TryParseExact(fields[1], "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return false;
        var zone = fields[2];
        if (zone.Length != 5 || zone[0] is not ('+' or '-') || !TryNumber(zone.AsSpan(1, 2), out var hours) || !TryNumber(zone.AsSpan(3, 2), out var minutes)) return false;
        var offset = new TimeSpan(hours, minutes, 0);
        if (minutes > 59 || offset > TimeSpan.FromHours(14)) return false;
        if (zone[0] == '-') offset = -offset;
        var local = date.ToDateTime(time);
        // A moment outside the calendar of DateTimeOffset.
        if (local.Ticks - offset.Ticks < 0 || local.Ticks - offset.Ticks > DateTime.MaxValue.Ticks) return false;
        moment = new DateTimeOffset(local, offset);
        return true;
    }

    /// <summary>Always 26 characters, the day padded with a space (date-day-fixed).</summary>
    public static string Format(DateTimeOffset moment) => string.Create(CultureInfo.InvariantCulture,
        $"{moment.Day,2}-{Months[moment.Month - 1]}-{moment:yyyy HH:mm:ss} {(moment.Offset < TimeSpan.Zero ? '-' : '+')}{moment.Offset:hhmm}");

    private static bool TryDate(ReadOnlySpan<char> dayText, string monthText, ReadOnlySpan<char> yearText, out DateOnly date)
    {
        date = default;
        var month = Array.FindIndex(Months, m => m.Equals(monthText, StringComparison.OrdinalIgnoreCase)) + 1;
        if (month == 0 || yearText.Length != 4 || !TryNumber(dayText, out var day) || !TryNumber(yearText, out var year)) return false;
        if (year < 1 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        date = new DateOnly(year, month, day);
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out int number)
        => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
