using System.Buffers.Binary;
using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Content;
using SharpCompress.Archives.Rar;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Content;

/// <summary>What RAR and 7z archives have for names: those that 7-Zip made, RARs that are written here by their description (a library of others reads them too), and hostile ones.</summary>
public sealed class ArchiveNamesTests
{
    // docs/readme.txt, docs/setup.exe and zwölf.js by 7-Zip 26.02: with -mhc=off, as usual, with -p, and with -p -mhe=on.
    private const string Plain = "N3q8ryccAARIpuVeFAAAAAAAAADWAAAAAAAAAAfP9CABAA9oZWxsbwpNWmhlbGxvCnp3AAEEBgABCRQABwsBAAEhIQEADBAACA0DCQYICgEgMDo2Ly/n1xxnaFoAAAUEDgGAGQwAAAAAAAAAAAAAAAARWwBkAG8AYwBzAAAAZABvAGMAcwAvAHIAZQBhAGQAbQBlAC4AdAB4AHQAAABkAG8AYwBzAC8AcwBlAHQAdQBwAC4AZQB4AGUAAAB6AHcA9gBsAGYALgBqAHMAAAAZABQiAQAOBXR3EYDdAQ4FdHcRgN0BDgV0dxGA3QEOBXR3EYDdARUSAQAQgO1BIICkgSCApIEggKSBAAA=";
    private const string Packed = "N3q8ryccAASUcR9hoQAAAAAAAAAiAAAAAAAAAI42QPIBAA9oZWxsbwpNWmhlbGxvCnp3AAAAgTMHrg/PObAMB8hDf0Gx+v3i+3npdSAkvX2PuMyKJk7V+ph52ScZS6up3AKt6pkr6++AoBFQIOLYuuAo2rY+bnWnM5wIkSdEVsHumOTCOciEhd3cmfF8QbAZXkVfuFTxkypO1vR7dIL0DEFchW3xdgGXpqcuW9j6wsz5hcRrTMR0u8avBl88zAAAABcGFAEJgI0ABwsBAAEjAwEBBV0AEAAADIDWCgEHz/QgAAA=";
    private const string WithPassword = "N3q8ryccAASosGzcxQAAAAAAAAAiAAAAAAAAAKUEiC4yHtvaPtLqMCp2dlvdVTb6zTJmia9e6YJGixUsNS7uogAAgTMHrg/QDrA8nzkQnJ+m1TPasi6w+WpumcBtw/ZZWmikNb8uIZEACCBf00CfdsdkEDE0uGuFTolVfMvh4aHry6Vcum23nsbe1QbsrYN04LgU33t1SRz7NAT1AxJBcCdv4MtWQLd7IxgmrrUmlvQmMohCmRwYt0+hsDTqTKCEsYoSMKo26u9XaSWqZT2xwIDNPGYFmp3A0sVcXOMF+m+pXAAAABcGIAEJgKUABwsBAAEjAwEBBV0AEAAADIDmCgFUjmvmAAA=";
    private const string WithPasswordForNames = "N3q8ryccAASPPRlb0AAAAAAAAAA+AAAAAAAAAPCS/s3lynfl/F8of6QCaUX9GjGGGA3CY1xfy1MCznKjLGR6Y4AA47WiZVgn03Ag+Ii6MQrL0l01JDEqcDt8NxEwnsvKXgAx0t9PrY1jVEMMNtjSDeQyhKh/ppmvINqTv9UszumMfCmHCsLjeLMs7Gdj+G2g38vYm7DTFvF/xWjVwhk0tY6rg27JPshUBf7He9UbOuclSJ4DHC2gmttEMB/pKjgdJdV3KsUGIuLhj64jn5VbF4UazmBS/sZAHGFmENnyUpXLdJ53HBpwlF8QD5p3zs0xFwYgAQmAsAAHCwEAAiQG8QcBElMPwpc9VqFWjX57f1lxwcUbQCMDAQEFXQAQAAABAAyApYDmCgF0mdosAAA=";

    private static readonly string[] OfSevenZip = ["docs", "docs/readme.txt", "docs/setup.exe", "zw\u00f6lf.js"];
    private static readonly string[] OfRar = ["docs/readme.txt", "docs/setup.exe", "zw\u00f6lf.js"];

    [Theory]
    [InlineData(Plain, true, false)]
    [InlineData(Packed, true, false)]
    [InlineData(WithPassword, true, true)]
    [InlineData(WithPasswordForNames, false, true)]
    public void Names_of_7z_are_found_in_whatever_pieces_they_come(string base64, bool hasNames, bool isEncrypted)
        => Look(Convert.FromBase64String(base64), found => new SevenZipNames(100, found), hasNames ? OfSevenZip : [], isEncrypted);

    [Theory]
    [InlineData(4, false)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(5, true)]
    public void Names_of_RAR_are_found_in_whatever_pieces_they_come(int version, bool isEncrypted)
        => Look(version == 4 ? Rar4(isEncrypted) : Rar5(isEncrypted), found => new RarNames(100, found), OfRar, isEncrypted);

    [Fact]
    public void Headers_of_RAR_that_need_a_password_are_told()
    {
        Look([.. RarNames.Mark4, .. Block4(0x73, 0x80, new byte[6]), .. Noise(300)], found => new RarNames(100, found), [], isEncrypted: true);
        Look([.. RarNames.Mark5, .. Block5(4, 0, [0, 0, 15, .. new byte[16]]), .. Noise(300)], found => new RarNames(100, found), [], isEncrypted: true);
    }

    [Fact]
    public void Others_find_the_same_names()
    {
        foreach (var rar in new[] { Rar4(isEncrypted: false), Rar5(isEncrypted: false) })
        {
            using var archive = RarArchive.OpenArchive(new MemoryStream(rar));
            archive.Entries.Select(entry => entry.Key!.Replace('\\', '/')).Should().Equal(OfRar);
        }
    }

    [Theory]
    [InlineData(31)]
    [InlineData(100)]
    [InlineData(220)]
    public void What_is_cut_off_is_told(int length)
    {
        var names = new SevenZipNames(100, _ => { });
        names.Write(Convert.FromBase64String(Packed).AsSpan(0, length));
        names.Complete();
        names.IsUnreadable.Should().BeTrue();
    }

    [Fact]
    public void What_claims_to_be_huge_is_not_believed()
    {
        var archive = Convert.FromBase64String(Packed);
        BinaryPrimitives.WriteInt64LittleEndian(archive.AsSpan(20), 1L << 40);
        Unreadable(archive);
        BinaryPrimitives.WriteInt64LittleEndian(archive.AsSpan(20), 34);
        BinaryPrimitives.WriteUInt64LittleEndian(archive.AsSpan(12), ulong.MaxValue);
        Unreadable(archive);
        // Unpacked size of the header: 4 GB.
        archive = Convert.FromBase64String(Packed);
        var size = archive.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x0c, 0x80, 0xd6]);
        archive.AsSpan(size + 1).Fill(0xff);
        Unreadable(archive);

        static void Unreadable(byte[] octets)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var names = new SevenZipNames(100, _ => { });
            names.Write(octets);
            names.Complete();
            names.IsUnreadable.Should().BeTrue();
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(100_000);
        }
    }

    [Fact]
    public void A_window_of_two_gigabytes_is_not_made()
    {
        var archive = Convert.FromBase64String(Packed);
        var properties = archive.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x05, 0x5d]);
        BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(properties + 2), int.MaxValue);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Look(archive, found => new SevenZipNames(100, found), OfSevenZip, isEncrypted: false, pieces: [archive.Length]);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000_000);
    }

    [Fact]
    public void More_names_than_are_looked_at_are_told()
    {
        foreach (var (names, archive) in new (IArchiveNames, byte[])[] { (new RarNames(2, _ => { }), Rar5(isEncrypted: false)), (new RarNames(2, _ => { }), Rar4(isEncrypted: false)), (new SevenZipNames(2, _ => { }), Convert.FromBase64String(Packed)) })
        {
            names.Write(archive);
            names.Complete();
            names.IsTooMuch.Should().BeTrue();
        }
    }

    /// <summary>Octets changed at random, twenty thousand archives: nothing throws, nothing grows, and it comes to an end.</summary>
    [Fact]
    public void Nothing_that_an_archive_may_be_is_a_fault()
    {
        byte[][] good = [Convert.FromBase64String(Plain), Convert.FromBase64String(Packed), Convert.FromBase64String(WithPasswordForNames), Rar4(isEncrypted: false), Rar5(isEncrypted: true)];
#pragma warning disable CA5394 // the same each time
        var random = new Random(20261129);
        var before = GC.GetAllocatedBytesForCurrentThread();
        const int rounds = 20_000;
        for (var round = 0; round < rounds; round++)
        {
            var octets = good[round % good.Length].ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--) octets[random.Next(octets.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) octets = octets[..random.Next(octets.Length)];
            var found = 0;
            IArchiveNames names = round % good.Length < 3 ? new SevenZipNames(1000, _ => found++) : new RarNames(1000, _ => found++);
            names.Write(octets);
            names.Complete();
            found.Should().BeLessThanOrEqualTo(1000);
        }
#pragma warning restore CA5394
        ((GC.GetAllocatedBytesForCurrentThread() - before) / rounds).Should().BeLessThan(1_000_000, "so much memory, on average, is that of what the header may be");
    }

    private static void Look(byte[] archive, Func<Action<string>, IArchiveNames> make, IReadOnlyList<string> expected, bool isEncrypted, IReadOnlyList<int>? pieces = null)
    {
        foreach (var piece in pieces ?? [1, 2, 3, 7, 31, 32, 33, 64, 100, archive.Length])
        {
            var found = new HashSet<string>();
            var names = make(name => found.Add(name));
            for (var at = 0; at < archive.Length; at += piece) names.Write(archive.AsSpan(at, Math.Min(piece, archive.Length - at)));
            names.Complete();
            found.Except(["zw\u00f6l_.js"]).Should().BeEquivalentTo(expected);
            (names.IsEncrypted, names.IsUnreadable, names.IsTooMuch).Should().Be((isEncrypted, false, false));
        }
    }

    private static byte[] Noise(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 37))];

    private static byte[] Rar4(bool isEncrypted)
    {
        // The last name as old programs have it, a zero, and the difference: high octet 0, then "take 5, take one octet, take 3" of the plain name.
        byte[] wide = [.. Encoding.Latin1.GetBytes("zw\u00f6l_.js"), 0, 0, 0b11_00_11_00, 2, (byte)'f', 1];
        return
        [
            .. RarNames.Mark4, .. Block4(0x73, 0, new byte[6]),
            .. File("docs/readme.txt"u8, 0), .. File(@"docs/setup.exe"u8, (ushort)(isEncrypted ? 4 : 0)), .. File(wide, 0x200),
            .. Block4(0x7b, 0x4000, []),
        ];

        static byte[] File(ReadOnlySpan<byte> name, ushort flags)
        {
            var data = Noise(200);
            var fields = new byte[25 + name.Length];
            BinaryPrimitives.WriteInt32LittleEndian(fields, data.Length);
            BinaryPrimitives.WriteInt32LittleEndian(fields.AsSpan(4), data.Length);
            (fields[8], fields[17], fields[18]) = (3, 29, 0x30);
            BinaryPrimitives.WriteUInt32LittleEndian(fields.AsSpan(9), Crc(data));
            BinaryPrimitives.WriteUInt16LittleEndian(fields.AsSpan(19), (ushort)name.Length);
            name.CopyTo(fields.AsSpan(25));
            return [.. Block4(0x74, (ushort)(flags | 0x8000), fields), .. data];
        }
    }

    private static byte[] Block4(byte type, ushort flags, ReadOnlySpan<byte> fields)
    {
        var block = new byte[7 + fields.Length];
        block[2] = type;
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(3), flags);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(5), (ushort)block.Length);
        fields.CopyTo(block.AsSpan(7));
        BinaryPrimitives.WriteUInt16LittleEndian(block, (ushort)Crc(block.AsSpan(2)));
        return block;
    }

    private static byte[] Rar5(bool isEncrypted)
    {
        return [.. RarNames.Mark5, .. Block5(1, 0, [0]), .. File("docs/readme.txt"u8), .. File("docs/setup.exe"u8, isEncrypted), .. File(Encoding.UTF8.GetBytes("zw\u00f6lf.js")), .. Block5(5, 0, [0])];

        static byte[] File(ReadOnlySpan<byte> name, bool isEncrypted = false)
        {
            var data = Noise(200);
            var crc = new byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(crc, Crc(data));
            byte[] extra = isEncrypted ? [0x30, 1, 0, 0, 15, .. new byte[44]] : [];
            byte[] fields = [.. extra.Length > 0 ? [(byte)extra.Length] : Array.Empty<byte>(), 0xc8, 1, 4, 0xc8, 1, 0x20, .. crc, 0, 1, (byte)name.Length, .. name, .. extra];
            return [.. Block5(2, (byte)(extra.Length > 0 ? 3 : 2), fields), .. data];
        }
    }

    private static byte[] Block5(byte type, byte flags, ReadOnlySpan<byte> fields)
    {
        byte[] header = [type, flags, .. fields];
        header = [(byte)header.Length, .. header];
        var crc = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(crc, Crc(header));
        return [.. crc, .. header];
    }

    private static uint Crc(ReadOnlySpan<byte> octets)
    {
        var crc = ~0u;
        foreach (var octet in octets)
        {
            crc ^= octet;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
        return ~crc;
    }
}
