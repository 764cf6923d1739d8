using System.Buffers.Binary;
using System.Text;

namespace Merpati.Protocols.Milter;

/// <summary>What server and filter agreed on (SMFIC_OPTNEG).</summary>
/// <param name="Version">6, or that of an older filter, which is 2 at least.</param>
/// <param name="Macros">The names that the filter asked for, for the stages where it did.</param>
public sealed record MilterTerms(uint Version, MilterActions Actions, MilterSteps Steps, IReadOnlyDictionary<MilterStage, IReadOnlyList<string>> Macros)
{
    /// <summary>The version that we speak.</summary>
    public const uint Ours = 6;

    // Version 2 knows so much; what came later a filter of that time cannot have meant.
    private const MilterSteps StepsOfVersion2 = (MilterSteps)0x7f;
    private const int Numbers = 3 * sizeof(uint);
    private const int MaxNames = 256;

    /// <exception cref="MilterException">It is no answer to our offer.</exception>
    public static MilterTerms Parse(ReadOnlySpan<byte> data, MilterActions offered)
    {
        if (data.Length < Numbers) throw new MilterException("The answer to the negotiation is too short.");
        var version = BinaryPrimitives.ReadUInt32BigEndian(data);
        if (version is < 2 or > Ours) throw new MilterException($"The filter speaks version {version} of the protocol, which is none of 2 to {Ours}.");
        var actions = (MilterActions)BinaryPrimitives.ReadUInt32BigEndian(data[sizeof(uint)..]);
        if ((actions & ~offered) != MilterActions.None) throw new MilterException($"The filter wants to do more than it may: {actions & ~offered}.");
        var steps = (MilterSteps)BinaryPrimitives.ReadUInt32BigEndian(data[(2 * sizeof(uint))..]);
        // The sizes of packets (0x10000000 and up) were not offered either.
        if ((steps & ~MilterSteps.Offered) != MilterSteps.None) throw new MilterException($"The filter wants steps that were not offered: 0x{(uint)(steps & ~MilterSteps.Offered):x}.");
        if (version == 2) steps &= StepsOfVersion2;
        return new MilterTerms(version, actions, steps, ReadMacros(data[Numbers..]));
    }

    internal static byte[] Offer(MilterActions actions)
    {
        var data = new byte[Numbers];
        BinaryPrimitives.WriteUInt32BigEndian(data, Ours);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(sizeof(uint)), (uint)actions);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(2 * sizeof(uint)), (uint)MilterSteps.Offered);
        return data;
    }

    public bool Has(MilterSteps step) => (Steps & step) != MilterSteps.None;

    public bool May(MilterActions action) => (Actions & action) != MilterActions.None;

    private static Dictionary<MilterStage, IReadOnlyList<string>> ReadMacros(ReadOnlySpan<byte> data)
    {
        var macros = new Dictionary<MilterStage, IReadOnlyList<string>>();
        while (!data.IsEmpty)
        {
            if (data.Length < sizeof(uint) + 1 || data[sizeof(uint)..].IndexOf((byte)0) is not (>= 0 and var length)) throw new MilterException("A list of macros in the negotiation has no end.");
            var stage = BinaryPrimitives.ReadUInt32BigEndian(data);
            if (stage > (uint)MilterStage.EndOfHeaders) throw new MilterException($"The filter wants macros at stage {stage}, which there is not.");
            var names = Encoding.UTF8.GetString(data.Slice(sizeof(uint), length)).Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
            if (names.Length > MaxNames) throw new MilterException("The filter wants too many macros.");
            macros[(MilterStage)stage] = names;
            data = data[(sizeof(uint) + length + 1)..];
        }
        return macros;
    }
}
