using System.ComponentModel.DataAnnotations;

namespace Merpati.SmtpIngress.Door;

/// <summary>Settings of the section <c>SmtpIngress:Greylist</c>.</summary>
public sealed class GreylistOptions
{
    /// <summary>Whether mail of strangers is put off the first time; it costs first mail of a sender some minutes.</summary>
    public bool Enabled { get; set; }

    /// <summary>How long a stranger has to wait before he comes again.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "12:00:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long we remember that he came once.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "14.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromDays(2);

    /// <summary>How long whoever came again is known.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "365.00:00:00")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(35);

    /// <summary>After so many senders and recipients that came again, a domain with SPF, or a network without, does not wait any more.</summary>
    [Range(1, 1000)]
    public int AllowAfter { get; set; } = 5;
}
