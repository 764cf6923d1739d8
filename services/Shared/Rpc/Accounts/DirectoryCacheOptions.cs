using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc.Accounts;

/// <summary>Section <c>DirectoryCache</c> of the configuration: what a service remembers of UserDirectory's answers.</summary>
public sealed class DirectoryCacheOptions
{
    public const string Section = "DirectoryCache";

    /// <summary>How long an answer is taken for true without asking again. A change of the directory ends it at once, as long as the bus brings word of it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The same for "there is no such user" and the like: who was just added should not have to wait.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan NegativeLifetime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>While UserDirectory is away, an answer may be so old. That there is no such user is never said from an old answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan StaleLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Where there is an old answer, UserDirectory has so long to give a new one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Answers of each kind that are remembered at most.</summary>
    [Range(16, 10_000_000)]
    public int Capacity { get; set; } = 50_000;
}

[OptionsValidator]
internal sealed partial class DirectoryCacheOptionsValidator : IValidateOptions<DirectoryCacheOptions>;
